import { type Attempt, type Client, hasEnded, watchAttempt } from '@orchestrator/client'
import { commandWays, describeEnd, liveBlock, newsMark, plainLine } from '@orchestrator/client/texts'
import type { CliContext } from '../../context.ts'
import { EXIT, exitCodeOfPhase } from '../../exit-codes.ts'
import { toJsonLine } from '../../output/machine.ts'

export interface Waiting {
  readonly client: Client
  readonly name: string
  readonly output: 'text' | 'json'
  readonly after?: number
  /** Milliseconds; for ever when left out. */
  readonly timeoutMs?: number
}

/** Shows an attempt until it has ended, and makes its end the program's. */
export async function waitForEnd(context: CliContext, waiting: Waiting): Promise<void> {
  const { screen, signal, environment } = context
  const timeout = AbortSignal.timeout(waiting.timeoutMs ?? MAX_TIMEOUT_MS)
  const still = `${environment.ORCHESTRATOR_COMMAND} task wait ${waiting.name}`
  try {
    await show(context, waiting, AbortSignal.any([signal, timeout]))
  } catch (error) {
    screen.show([])
    if (signal.aborted) {
      screen.warn(`No longer watching; ${waiting.name} goes on. Watch again with: ${still}`)
      context.exitWith(EXIT.interrupted)
    } else if (timeout.aborted) {
      screen.warn(`Waited long enough; ${waiting.name} goes on. Watch again with: ${still}`)
      context.exitWith(EXIT.waitedEnough)
    } else throw error
  }
}

/** The longest that a timer can wait. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1

async function show(context: CliContext, waiting: Waiting, signal: AbortSignal): Promise<void> {
  const { clock, screen } = context
  const onTrouble = (): void => screen.warn('The server does not answer; trying again for a while.')
  let told: string | undefined
  for await (const attempt of watchAttempt({ ...waiting, clock, signal, onTrouble })) {
    const mark = newsMark(attempt)
    showOne(context, { attempt, output: waiting.output, isNews: mark !== told })
    told = mark
    if (hasEnded(attempt)) context.exitWith(exitCodeOfPhase(attempt.phase))
  }
}

interface Showing {
  readonly attempt: Attempt
  readonly output: 'text' | 'json'
  readonly isNews: boolean
}

function showOne({ screen, clock, environment }: CliContext, { attempt, output, isNews }: Showing): void {
  const text = { attempt, now: clock.now(), paint: screen.paint }
  if (output === 'json') {
    if (isNews) screen.print(toJsonLine(attempt))
  } else if (hasEnded(attempt)) {
    screen.show([])
    screen.print(describeEnd({ ...text, ways: commandWays(environment.ORCHESTRATOR_COMMAND) }))
  } else if (screen.live) screen.show(liveBlock(text))
  else if (isNews) screen.print(plainLine(text))
}
