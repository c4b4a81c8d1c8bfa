import { type Attempt, hasEnded, watchAttempt } from '@orchestrator/client'
import { describeAttempt, describeEnd, formatDuration, newsMark, plainLine, PLAIN } from '@orchestrator/client/texts'
import { z } from 'zod'
import { AttemptFacts, withText } from '../attempt-facts.ts'
import { reference, resolve } from '../reference.ts'
import type { Tool, ToolCall } from '../tool.ts'

/** Under the minute after which many clients give a request up. */
const WAIT_SECONDS = 45
const WAIT_MAX_SECONDS = 600
/** Clients take silence for death: they are told this often that it goes on. */
const PULSE_MS = 5_000
/** A server that is asked every second and has said nothing for so long is silent. */
const QUIET_MS = 3_000

const input = z.strictObject({
  ...reference,
  timeout_seconds: z
    .exactOptional(z.int().min(1).max(WAIT_MAX_SECONDS))
    .describe(`number of seconds to wait at most, 1 to ${WAIT_MAX_SECONDS}; ${WAIT_SECONDS} when left out`),
})

const output = withText({
  ended: z.boolean().describe('false: it goes on; call again'),
  attempt: AttemptFacts,
})

export const waitTool: Tool<typeof input, typeof output> = {
  name: 'wait_for_task',
  title: 'Wait for an attempt',
  description: `Waits until an attempt has ended, telling its progress, and says what came of it. It waits ${WAIT_SECONDS} seconds unless timeout_seconds says otherwise; then it answers how the attempt stands, and is called again. Taking the call back does not stop the attempt.
Pass attempt, or service, or service and task_id.`,
  annotations: { readOnlyHint: true, openWorldHint: false },
  input,
  output,
  waitsMs: (given) => secondsOf(given) * 1000,
  run: async (given, call) => {
    const { clock, ways } = call
    const startedAt = clock.monotonicMs()
    const { attempt, saidAt } = await waitFor(
      await resolve(await call.connect(call.signal), given),
      call,
      secondsOf(given),
    )
    const ended = hasEnded(attempt)
    const text = { attempt, now: clock.now(), paint: PLAIN, ways }
    if (ended) return { text: describeEnd(text), facts: { ended, attempt } }
    const now = clock.monotonicMs()
    const again = `Not ended after ${formatDuration(now - startedAt)}: call wait_for_task again to go on waiting.`
    const stale = now - saidAt > QUIET_MS ? ['The server has not answered lately: this is the last that it said.'] : []
    return { text: [again, ...stale, '', describeAttempt(text)].join('\n'), facts: { ended, attempt } }
  },
}

function secondsOf({ timeout_seconds: seconds = WAIT_SECONDS }: z.output<typeof input>): number {
  return seconds
}

interface Waited {
  readonly attempt: Attempt
  /** When the server said so, as the monotonic clock has it. */
  readonly saidAt: number
}

/** Until the attempt has ended, the time is over, or whoever serves the tools is to stop. */
async function waitFor(found: Attempt, call: ToolCall, seconds: number): Promise<Waited> {
  const { clock } = call
  const bound = AbortSignal.any([AbortSignal.timeout(seconds * 1000), call.closing])
  const signal = AbortSignal.any([call.signal, bound])
  const tell = createTeller(call, seconds)
  let waited: Waited = { attempt: found, saidAt: clock.monotonicMs() }
  // What is said last, and when, tells of trouble too.
  const onTrouble = (): void => undefined
  try {
    const client = await call.connect(signal)
    for await (const attempt of watchAttempt({ client, name: found.name, clock, signal, onTrouble })) {
      waited = { attempt, saidAt: clock.monotonicMs() }
      await tell(attempt)
    }
  } catch (error) {
    call.signal.throwIfAborted()
    if (!bound.aborted) throw error
  }
  return waited
}

/** Tells news at once, and that it goes on every few seconds. */
function createTeller({ clock, progress }: ToolCall, total: number): (attempt: Attempt) => Promise<void> {
  const startedAt = clock.monotonicMs()
  let told: string | undefined
  let toldAt = Number.NEGATIVE_INFINITY
  return async (attempt) => {
    const now = clock.monotonicMs()
    const mark = newsMark(attempt)
    if (mark === told && now - toldAt < PULSE_MS) return
    told = mark
    toldAt = now
    await progress({ progress: (now - startedAt) / 1000, total, message: plainLine({ attempt, now: clock.now() }) })
  }
}
