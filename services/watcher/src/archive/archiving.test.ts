import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MARKER_VARIABLE } from '@orchestrator/shared/contracts'
import { RetryableError, systemClock } from '@orchestrator/shared/core'
import { createLogger } from '@orchestrator/shared/service'
import { startTestBroker, temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import type { Observer } from '../observers/port.ts'
import { readArchived } from '../testing/archived.ts'
import { lineText, startedAttempt } from '../testing/attempts.ts'
import { MemorySource } from '../testing/memory-log.ts'
import type { FakeRunner } from '../testing/watched-place.ts'
import { IN_TIME, joined, texts, World } from '../testing/watcher-world.ts'
import { Turns } from '../turns.ts'
import { Archivist, type ArchivistOptions } from './archivist.ts'
import { createDirectoryArchive } from './directory-archive.ts'

const { signal } = new AbortController()
const archiveOf = ({ place }: World): string => join(place.stateDirectory, 'archive')
const isThere = async (path: string): Promise<boolean> =>
  await stat(path).then(
    () => true,
    () => false,
  )
const linesIn = async (world: World, { attempt }: FakeRunner): Promise<readonly string[] | undefined> =>
  (await readArchived(archiveOf(world), attempt))?.lines
const end = (lines: number, gaps = 0): string => JSON.stringify({ kind: 'end', lines, gaps })

async function untilRemoved({ folder }: FakeRunner): Promise<void> {
  await expect.poll(async () => await isThere(folder), IN_TIME).toBe(false)
}

async function endRunner(runner: FakeRunner, lines: readonly string[]): Promise<void> {
  await runner.write(joined(lines))
  await runner.writeResult({ lines: lines.length })
  await runner.kill()
}

async function purgeLogs({ broker }: World): Promise<void> {
  await (await broker.connect('purge')).jsm.streams.purge('LOGS')
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

describe('archiving', () => {
  it('keeps each log whole with two replicas at work, then takes the launch folders away', async () => {
    await using world = await World.create(await startTestBroker())
    await Promise.all([world.startWatcher(), world.startWatcher()])
    const runners = await Promise.all([1, 2, 3, 4].map(async (n) => await world.launch({ n })))
    const lines = texts(1, 3000)
    await Promise.all(runners.map(async (runner) => await endRunner(runner, lines)))
    for (const runner of runners) {
      await untilRemoved(runner)
      const { attempt } = runner
      expect(await readArchived(archiveOf(world), attempt)).toEqual({
        head: expect.objectContaining({ name: attempt.name, submittedId: attempt.submittedId, origin: 'stream' }),
        lines: [...lines, end(3000)],
      })
      expect((await world.log(attempt)).length).toBe(3000)
      expect(await world.finished(attempt)).toHaveLength(1)
    }
    expect(await readdir(join(world.place.stateDirectory, 'launches'))).toEqual([])
    // The slower one finds a moment later that its work was done.
    await expect.poll(() => readdir(join(archiveOf(world), '.partial')), IN_TIME).toEqual([])
  })

  it('tells gaps in their place', async () => {
    await using world = await World.create(await startTestBroker())
    await world.startWatcher()
    const runner = await world.launch()
    await endRunner(runner, [lineText(1), 'nonsense', lineText(3)])
    await untilRemoved(runner)
    const gap = JSON.stringify({ kind: 'gap', first: 2, last: 2 })
    expect(await linesIn(world, runner)).toEqual([lineText(1), gap, lineText(3), end(2, 1)])
  })

  it(
    'shows no half log after a crash in the middle, and archives it when it runs again',
    { timeout: 60_000 },
    async () => {
      await using world = await World.create(await startTestBroker())
      const runner = await world.launch()
      const noise = texts(1, 60_000, () => ({ kind: 'text', text: crypto.randomUUID().repeat(8) }))
      await endRunner(runner, noise)
      const partial = join(archiveOf(world), '.partial')
      for (let crashes = 0; crashes < 2; crashes += 1) {
        const watcher = await world.spawnWatcher()
        await expect
          .poll(async () => (await readdir(partial).catch(() => [])).length, { ...IN_TIME, interval: 1 })
          .toBe(crashes + 1)
        await kill(watcher)
        expect(await linesIn(world, runner)).toBeUndefined()
        expect(await isThere(runner.folder)).toBe(true)
      }
      await world.startWatcher()
      await untilRemoved(runner)
      expect(await linesIn(world, runner)).toEqual([...noise, end(60_000)])
    },
  )

  it('leaves the launch folder while the attempt runs, is unarchived, or has a process left', async () => {
    await using world = await World.create(await startTestBroker())
    await world.startWatcher()
    const [running, leaving] = [await world.launch(), await world.launch({ n: 2 })]
    const child = spawn('sleep', ['600'], {
      stdio: 'ignore',
      env: { ...process.env, [MARKER_VARIABLE]: leaving.attempt.submittedId },
    })
    await once(child, 'spawn')
    await running.write(joined(texts(1, 2)))
    await endRunner(leaving, texts(1, 2))
    await expect.poll(async () => await linesIn(world, leaving), IN_TIME).toEqual([...texts(1, 2), end(2)])
    // Another one comes and goes meanwhile.
    const other = await world.launch({ n: 3 })
    await endRunner(other, texts(1, 2))
    await untilRemoved(other)
    expect(await isThere(leaving.folder)).toBe(true)
    await kill(child)
    await untilRemoved(leaving)
    expect(await isThere(running.folder)).toBe(true)
    expect(await linesIn(world, running)).toBeUndefined()
  })

  it('tries again where the archive cannot be written, and takes from the source what the stream lost meanwhile', async () => {
    await using world = await World.create(await startTestBroker())
    await writeFile(archiveOf(world), 'in its place')
    await world.startWatcher()
    const runner = await world.launch()
    await endRunner(runner, texts(1, 500))
    await world.untilFinished(runner.attempt)
    await expect.poll(() => world.warnings.join(''), IN_TIME).toContain('log not archived')
    await purgeLogs(world)
    expect(await isThere(runner.folder)).toBe(true)
    await rm(archiveOf(world))
    await untilRemoved(runner)
    expect(await readArchived(archiveOf(world), runner.attempt)).toEqual({
      head: expect.objectContaining({ origin: 'source' }),
      lines: [...texts(1, 500), end(500)],
    })
  })

  it('goes on long after the verdict, without a log in the stream', async () => {
    await using world = await World.create(await startTestBroker())
    await writeFile(archiveOf(world), 'in its place')
    const runner = await world.launch()
    const first = await world.startWatcher()
    await endRunner(runner, texts(1, 500))
    await world.untilFinished(runner.attempt)
    await first[Symbol.asyncDispose]()
    await rm(archiveOf(world))
    await purgeLogs(world)
    expect(await isThere(runner.folder)).toBe(true)
    await world.startWatcher({}, { ...systemClock, now: () => new Date(Date.now() + 2 * 3_600_000) })
    await untilRemoved(runner)
    expect(await linesIn(world, runner)).toEqual([...texts(1, 500), end(500)])
  })
})

describe('an archivist', () => {
  interface Place {
    readonly change?: Partial<ArchivistOptions>
    readonly source?: MemorySource
    /** What `remove` answers, one after the other; then true. */
    readonly removals?: boolean[]
  }
  const archivist = (
    directory: string,
    { change = {}, source = new MemorySource(), removals = [] }: Place,
  ): Archivist => {
    const observer: Observer = {
      runtime: 'process',
      location: 'machine-1',
      list: () => Promise.resolve([]),
      look: () => Promise.resolve({ kind: 'ended', neverLetGo: false, claimLost: false }),
      lines: () => source,
      remove: () => Promise.resolve(removals.shift() ?? true),
      hints: () => ({ [Symbol.dispose]: () => undefined }),
    }
    return new Archivist({
      attempt: startedAttempt(),
      archive: createDirectoryArchive({ directory, gatherMs: 0 }),
      observer,
      logs: {
        read: () => {
          throw new RetryableError('BROKER_UNAVAILABLE', 'the stream is away')
        },
      },
      lease: { held: true },
      turns: new Turns(1),
      clock: { ...systemClock, sleep: async (_ms, abort) => await systemClock.sleep(1, abort) },
      logger: createLogger({ name: 'test', level: 'silent' }),
      capBytes: 1e6,
      intervalMs: 1,
      ...change,
    })
  }

  it('takes a log that was given up straight from its source, without asking the stream', async () => {
    await using place = await temporaryDirectory()
    const source = new MemorySource()
    source.append(joined(texts(1, 3)))
    await archivist(place.path, { source, removals: [false, false] }).run({ inStream: false, isNew: false }, signal)
    expect(await readArchived(place.path, startedAttempt())).toMatchObject({ lines: [...texts(1, 3), end(3)] })
  })

  it('removes nothing before the archive has the log, however often the disk is full', async () => {
    await using place = await temporaryDirectory()
    const source = new MemorySource()
    source.append(joined(texts(1, 3)))
    await using real = createDirectoryArchive({ directory: place.path, gatherMs: 0 })
    let [tries, removedAt] = [0, 0]
    const archive: ArchivistOptions['archive'] = {
      ...real,
      keep: async (log) => {
        tries += 1
        if (tries < 5) throw new RetryableError('DISK_FULL', 'no space left')
        await real.keep(log)
      },
    }
    const removals: boolean[] = []
    removals.shift = () => {
      removedAt = tries
      return true
    }
    await archivist(place.path, { change: { archive }, source, removals }).run(
      { inStream: false, isNew: false },
      signal,
    )
    expect([tries, removedAt]).toEqual([5, 5])
    expect(await real.has(startedAttempt())).toBe(true)
  })

  it.each([
    { isNew: true, held: true, before: false },
    { isNew: false, held: true, before: true },
    { isNew: true, held: false, before: true },
  ])('asks first whether it is kept, where others may have done it: $before', async ({ isNew, held, before }) => {
    await using place = await temporaryDirectory()
    const source = new MemorySource()
    source.append(joined(texts(1, 3)))
    await using real = createDirectoryArchive({ directory: place.path, gatherMs: 0 })
    const calls: string[] = []
    const archive: ArchivistOptions['archive'] = {
      ...real,
      has: async (attempt) => {
        calls.push('has')
        return await real.has(attempt)
      },
      keep: async (log) => {
        calls.push('keep')
        await real.keep(log)
      },
    }
    const change = { archive, lease: { held } }
    await archivist(place.path, { change, source, removals: [false] }).run({ inStream: false, isNew }, signal)
    expect(calls).toEqual([...(before ? ['has'] : []), 'keep', 'has'])
  })

  it('does not put an emptied source over the log of one who was faster', async () => {
    await using place = await temporaryDirectory()
    const source = new MemorySource()
    source.append(joined(texts(1, 3)))
    await using real = createDirectoryArchive({ directory: place.path, gatherMs: 0 })
    const rival = archivist(place.path, { source })
    let first = true
    const emptied = new MemorySource()
    const late = archivist(place.path, {
      source: emptied,
      change: {
        logs: { read: () => (async function* () {})() },
        archive: {
          ...real,
          // Between its look and its write the other one did everything.
          has: async (attempt) => {
            if (!first) return await real.has(attempt)
            first = false
            await rival.run({ inStream: false, isNew: false }, signal)
            return false
          },
        },
      },
    })
    await late.run({ inStream: true, isNew: false }, signal)
    expect(await readArchived(place.path, startedAttempt())).toMatchObject({ lines: [...texts(1, 3), end(3)] })
  })
})
