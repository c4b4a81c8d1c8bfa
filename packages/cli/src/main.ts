import process from 'node:process'
import { systemClock } from '@orchestrator/shared/core'
import { readEnvironment } from './config.ts'
import { EXIT } from './exit-codes.ts'
import { describeFailure } from './output/describe-error.ts'
import { createScreen } from './output/screen.ts'
import { startPager } from './output/start-pager.ts'
import { endQuietlyOnClosedPipe, interruptSignal } from './process-life.ts'
import { runCli } from './program.ts'

endQuietlyOnClosedPipe(process)
try {
  const environment = readEnvironment(process.env)
  const screen = createScreen({
    out: process.stdout,
    error: process.stderr,
    noColour: environment.NO_COLOR,
    forceColour: environment.FORCE_COLOR,
    term: environment.TERM,
    startPager,
  })
  const interactive = process.stdin.isTTY && process.stdout.isTTY
  const world = {
    environment,
    cwd: process.cwd(),
    stdin: process.stdin,
    interactive,
    screen,
    clock: systemClock,
    // Nobody reads on who has left the pager.
    signal: AbortSignal.any([interruptSignal(process, screen), screen.left]),
  }
  process.exitCode = await runCli(process.argv.slice(2), world)
} catch (error) {
  process.stderr.write(`${describeFailure(error)}\n`)
  process.exitCode = EXIT.usage
}
