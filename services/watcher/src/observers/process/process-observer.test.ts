import { execFileSync } from 'node:child_process'
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createProcessTable } from '@orchestrator/shared/process'
import { describe, expect, it } from 'vitest'
import { folderOf } from '../../started-attempt.ts'
import { lineText } from '../../testing/attempts.ts'
import { createWatchedPlace, type WatchedPlace } from '../../testing/watched-place.ts'
import type { Observer } from '../port.ts'
import { createProcessObserver } from './process-observer.ts'

function observe({ stateDirectory, location }: WatchedPlace): Observer {
  return createProcessObserver({ stateDirectory, location, processes: createProcessTable() })
}

const gone = { kind: 'ended', neverLetGo: false, claimLost: false }

describe('createProcessObserver', () => {
  it('sees a process run, and its end with record and last line', async () => {
    await using place = await createWatchedPlace()
    const observer = observe(place)
    const runner = await place.launch()
    const { attempt } = runner
    const summary = {
      kind: 'summary',
      submittedId: attempt.submittedId,
      outcome: 'Succeeded',
      reason: 'GatesPassed',
      message: 'm',
      pushedSha: null,
      digest: 'd',
    } as const
    await runner.writeResult()
    await runner.write(`${lineText(1)}\n${lineText(2, summary)}\n`)
    expect(await observer.look(attempt)).toEqual({ kind: 'running' })
    await runner.kill()
    expect(await observer.look(attempt)).toMatchObject({
      ...gone,
      record: { record: { submittedId: attempt.submittedId }, digest: expect.stringMatching(/^[0-9a-f]{64}$/) },
      summary: { seq: 2, outcome: 'Succeeded' },
    })
  })

  it('takes another boot for a cause, and another runner’s lines for none of it', async () => {
    await using place = await createWatchedPlace()
    const runner = await place.launch()
    await runner.write(`${lineText(1)}\n`)
    const workloadUid = runner.attempt.workloadUid.replace(/^[^:]+/, '00000000-0000-0000-0000-000000000000')
    const other = { ...runner.attempt, workloadUid }
    expect(await observe(place).look(other)).toEqual({ ...gone, cause: 'reboot' })
    expect(await observe(place).lines(other).size()).toBe(0)
  })

  it('does not take a process with the same pid for it', async () => {
    await using place = await createWatchedPlace()
    const { attempt } = await place.launch()
    const before = { ...attempt, workloadUid: attempt.workloadUid.replace(/[^:]+$/, '1') }
    expect(await observe(place).look(before)).toEqual(gone)
  })

  it('knows who was never let go, who lost the claim, and whose time was over', async () => {
    await using place = await createWatchedPlace()
    const [waiting, loser, late] = [
      await place.launch({ held: true }),
      await place.launch({ n: 2 }),
      await place.launch({ n: 3 }),
    ]
    await loser.write(`${lineText(1, { kind: 'claim-lost', holder: 'somebody' })}\n`)
    await writeFile(
      join(late.folder, 'stop.json'),
      JSON.stringify({ v: 1, requestedBy: 'the launcher', cause: 'deadline' }),
    )
    for (const runner of [waiting, loser, late]) await runner.kill()
    const observer = observe(place)
    expect(await observer.look(waiting.attempt)).toEqual({ ...gone, neverLetGo: true })
    expect(await observer.look(loser.attempt)).toEqual({ ...gone, claimLost: true })
    expect(await observer.look(late.attempt)).toEqual({ ...gone, cause: 'deadline' })
  })

  it('finds nothing where the launch folder is another’s, broken or gone', async () => {
    await using place = await createWatchedPlace()
    const runner = await place.launch()
    await runner.writeResult()
    await runner.kill()
    const observer = observe(place)
    expect(await observer.look({ ...runner.attempt, submittedId: 'other' })).toEqual(gone)
    await writeFile(join(runner.folder, 'attempt.json'), '{')
    expect(await observer.look(runner.attempt)).toEqual(gone)
    await rm(runner.folder, { recursive: true })
    expect(await observer.look(runner.attempt)).toEqual(gone)
  })

  it.each<[string, (path: string) => Promise<unknown>]>([
    ['a link', async (path) => await symlink('/etc/hostname', path)],
    ['a pipe', async (path) => await Promise.resolve(execFileSync('sh', ['-c', 'mkfifo "$0"', path]))],
    ['a folder', async (path) => await mkdir(path)],
    ['half a record', async (path) => await writeFile(path, '{"v":1,')],
    ['too long', async (path) => await writeFile(path, Buffer.alloc(17 * 1024 * 1024, ' '))],
  ])('takes no record from what is %s', async (_title, place) => {
    await using watched = await createWatchedPlace()
    const { attempt, kill } = await watched.launch()
    const folder = join(watched.stateDirectory, 'workspaces', 'workspace-trader', folderOf(attempt))
    await place(join(folder, 'result.json'))
    await kill()
    expect(await observe(watched).look(attempt)).toEqual(gone)
  })

  it('lists launch folders and whose they are', async () => {
    await using place = await createWatchedPlace()
    const { attempt } = await place.launch()
    await mkdir(join(place.stateDirectory, 'launches', 'somebody-elses'))
    const shown = await observe(place).list()
    const found = await Promise.all(shown.map(async ({ name, identify }) => [name, await identify()]))
    expect(Object.fromEntries(found)).toEqual({ [attempt.name]: attempt.ref, 'somebody-elses': undefined })
  })

  it('reads lines from any place, and hints at new ones and at the record', async () => {
    await using place = await createWatchedPlace()
    const { attempt, write, writeResult } = await place.launch()
    const observer = observe(place)
    let [lines, ends] = [0, 0]
    using stack = new DisposableStack()
    stack.use(observer.hints(attempt, { onLines: () => (lines += 1), onEnd: () => (ends += 1) }))
    await write('abcdef')
    await expect.poll(() => lines).toBeGreaterThan(0)
    await writeResult()
    await expect.poll(() => ends).toBeGreaterThan(0)
    const source = observer.lines(attempt)
    expect(await source.size()).toBe(6)
    expect((await source.read(2, 3)).toString()).toBe('cde')
    expect((await source.read(9, 3)).length).toBe(0)
  })
})
