import { fileURLToPath } from 'node:url'
import { attemptView, finishedView, type FakeServer, startFakeServer } from '@orchestrator/client/testing'
import { describe, expect, it } from 'vitest'
import { startTerminal, type Terminal } from '../testing/terminal.ts'
import { createPagedWriter, type Pager } from './paged-writer.ts'
import { choosePager, startPager } from './start-pager.ts'

const PATH = process.env['PATH'] ?? ''
const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))
const NAME = 'trader-claude-agent-1-task1-attempt1'
const SCREEN = '\u001B'

describe('what is printed for a person', () => {
  function open(
    rows: number,
    columns = 20,
  ): { writer: ReturnType<typeof createPagedWriter>; said: string[]; leave: () => void } {
    const said: string[] = []
    const { promise: left, resolve: leave } = Promise.withResolvers<void>()
    const start = (): Pager => ({
      write: (text) => void said.push(`pager ${text}`),
      room: async () => await Promise.resolve(),
      end: () => void said.push('end'),
      left,
    })
    return {
      writer: createPagedWriter({ rows, columns, start, direct: (text) => void said.push(`direct ${text}`) }),
      said,
      leave,
    }
  }

  it('is written as it is where it fits, at the end', async () => {
    const { writer, said } = open(3)
    writer.write('one\n')
    writer.write('two\n')
    expect(said).toEqual([])
    await writer.end()
    expect(said).toEqual(['direct one\ntwo\n'])
  })

  it('goes to the pager from the first line where it does not, lines that wrap counted', async () => {
    const { writer, said, leave } = open(3, 10)
    writer.write('one\n')
    writer.write(`${'x'.repeat(11)}\n`)
    writer.write('three\n')
    expect(said).toEqual([`pager one\n${'x'.repeat(11)}\n`, 'pager three\n'])
    const ended = writer.end()
    expect(said.at(-1)).toBe('end')
    leave()
    await ended
  })

  it('is said no more once the person has left', async () => {
    const { writer, said, leave } = open(1)
    writer.write('one\n')
    expect(writer.isOpen).toBe(true)
    leave()
    await expect.poll(() => writer.left.aborted).toBe(true)
    writer.write('two\n')
    expect(said).toEqual(['pager one\n'])
    expect(writer.isOpen).toBe(false)
  })
})

describe('the pager', () => {
  it.each([
    [{}, 'less'],
    [{ common: 'more -s' }, 'more -s'],
    [{ own: 'less -S', common: 'more' }, 'less -S'],
    [{ own: 'cat', common: 'more' }, undefined],
    [{ common: 'cat' }, undefined],
    [{ common: 'LESS=R less' }, 'LESS=R less'],
  ])('with %j is %s', async (variables, command) => {
    const path = '/usr/bin:/bin'
    expect(await choosePager({ own: undefined, common: undefined, path, cwd: '/', ...variables })).toEqual({ command })
  })

  it('is none where the usual one is not there, and named where one that was asked for is not', async () => {
    const nothing = { own: undefined, common: undefined, path: '/nonexistent', cwd: '/' }
    expect(await choosePager(nothing)).toEqual({ command: undefined })
    expect(await choosePager({ ...nothing, common: 'most' })).toEqual({
      command: undefined,
      warning: 'PAGER names "most", which is not found: printed without it',
    })
  })

  it('that ends before everything was written is no error', async () => {
    const pager = startPager('true')
    await pager.left
    pager.write('x'.repeat(1_000_000))
    await pager.room()
    pager.end()
  })
})

/** A server with so many tasks, and a log without end. */
async function startServer(tasks: number): Promise<FakeServer> {
  const all = Array.from({ length: tasks }, (_, index) => {
    const taskId = String(index + 1)
    const latest = attemptView({ name: `trader-claude-agent-1-task${taskId}-attempt1`, taskId })
    return { service: 'trader', tag: 'master', taskId, attempts: 1, latest }
  })
  const line = `${JSON.stringify({ seq: 1, time: '2026-11-24T10:00:00.000Z', kind: 'text', text: 'the-log' })}\n`
  return await startFakeServer(({ path }) => {
    if (path.startsWith('/v1/tasks')) return { json: { tasks: all, next: null } }
    return path.includes('/logs') ? { text: line.repeat(200_000) } : { json: finishedView() }
  })
}

function onTerminal(args: string, environment: Readonly<Record<string, string>> = {}): Terminal {
  // Ctrl-C goes to the shell too, which is to go on all the same.
  const command = `trap : INT; '${process.execPath}' '${MAIN}' ${args}; echo "exit-code=$?"`
  return startTerminal({ command, rows: 10, environment: { PATH, HOME: '/nonexistent', ...environment } })
}

const FIRST = 'trader-claude-agent-1-task1-attempt1'
const LAST = 'trader-claude-agent-1-task60-attempt1'

describe('on a real terminal', () => {
  it('shows a long list page by page, and ends with its reader', async () => {
    await using server = await startServer(60)
    await using terminal = onTerminal(`task list --server ${server.url}`)
    await expect.poll(terminal.shown).toContain(FIRST)
    expect(terminal.shown()).not.toContain(LAST)
    terminal.type('G')
    await expect.poll(terminal.shown).toContain(LAST)
    expect(terminal.shown()).not.toContain('exit-code')
    // In a pager Ctrl-C is a key, however often: less paints its page again.
    const painted = (): number => terminal.shown().split('(END)').length
    for (const before of [painted(), painted() + 1]) {
      await expect.poll(painted).toBeGreaterThanOrEqual(before)
      terminal.type('\u0003')
      await expect.poll(painted).toBeGreaterThan(before)
    }
    terminal.type('q')
    await expect.poll(terminal.shown).toContain('exit-code=0')
    expect(terminal.shown()).toContain(`${SCREEN}[2m`)
  })

  it.each([
    { what: 'a list that fits', tasks: 3, flags: '', environment: {} },
    { what: '--no-pager', tasks: 60, flags: '--no-pager', environment: {} },
    { what: 'PAGER=cat', tasks: 60, flags: '', environment: { PAGER: 'cat' } },
    { what: 'TERM=dumb', tasks: 60, flags: '', environment: { TERM: 'dumb' } },
    { what: 'a pager that is not there', tasks: 60, flags: '', environment: { PAGER: 'no-such-pager' } },
    { what: 'a pipe', tasks: 60, flags: '| tail -n +1', environment: {} },
  ])('shows all at once with $what', async ({ what, tasks, flags, environment }) => {
    await using server = await startServer(tasks)
    await using terminal = onTerminal(`task list --server ${server.url} ${flags}`, environment)
    await expect.poll(terminal.shown).toContain('exit-code=0')
    expect(terminal.shown()).toContain(`task${tasks}-attempt1`)
    expect(terminal.shown().includes(`${SCREEN}[`)).toBe(!['TERM=dumb', 'a pipe'].includes(what))
    expect(terminal.shown().includes('PAGER names "no-such-pager"')).toBe(what === 'a pager that is not there')
  })

  it('has no colours in the pager with NO_COLOR', async () => {
    await using server = await startServer(60)
    await using terminal = onTerminal(`task list --server ${server.url}`, { NO_COLOR: '1' })
    await expect.poll(terminal.shown).toContain(FIRST)
    terminal.type('q')
    await expect.poll(terminal.shown).toContain('exit-code=0')
    // What less itself writes is bold and reset at most.
    expect(terminal.shown()).not.toContain(`${SCREEN}[2m`)
  })

  it('reads no further when the reader of a long log has seen enough', async () => {
    await using server = await startServer(1)
    await using terminal = onTerminal(`task logs ${NAME} --server ${server.url}`)
    await expect.poll(terminal.shown).toContain('the-log')
    terminal.type('q')
    await expect.poll(terminal.shown).toContain('exit-code=0')
    expect(terminal.shown()).not.toMatch(/error|EPIPE|abort/i)
  })
})
