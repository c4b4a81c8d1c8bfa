import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'

const MODULE = JSON.stringify(join(import.meta.dirname, 'logger.ts'))

/** What a program that logs leaves on its standard output. */
async function outputOf(program: string): Promise<string[]> {
  const script = `const { createLogger } = await import(${MODULE}); const logger = createLogger({ name: 'a', level: 'info' }); ${program}`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const output = await text(child.stdout)
  return output.split('\n').filter((line) => line !== '')
}

describe('a logger', () => {
  it('writes one line of JSON for each message, those of all loggers of a process in their order', async () => {
    const lines = await outputOf(
      `const other = createLogger({ name: 'b', level: 'warn' })
       logger.info({ n: 1 }, 'first'); other.warn('second'); other.info('unheard')
       setTimeout(() => logger.info('later'), 20)`,
    )
    expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([
      { name: 'a', level: 'info', n: 1, msg: 'first', time: expect.stringMatching(/^\d{4}-/) },
      { name: 'b', level: 'warn', msg: 'second' },
      { name: 'a', msg: 'later' },
    ])
  })

  it.each(['process.exit(3)', 'throw new Error("bug")'])('loses nothing to %s', async (end) => {
    const lines = await outputOf(`for (let i = 0; i < 500; i += 1) logger.info({ i }, 'counted'); ${end}`)
    expect(lines).toHaveLength(500)
  })
})
