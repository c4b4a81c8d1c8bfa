import { join } from 'node:path'
import type { DemoAgent } from './agent.ts'

/** A program of some forty lines in place of an agent. */
export function scriptAgent(): DemoAgent {
  return {
    introduction: [
      'The agent of this demonstration is a script, not a model. Everything else is real:',
      'broker, services, processes, git, gates, signed webhooks. Nothing leaves this machine.',
    ],
    settings: { adapter: 'command', command: [process.execPath, join(import.meta.dirname, 'script-main.ts')] },
    isScripted: true,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}
