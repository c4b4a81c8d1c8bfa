import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type AttemptFile, MARKER_VARIABLE } from '@orchestrator/shared/contracts'
import { parseWorkloadUid, readMachineId } from '@orchestrator/shared/process'
import { temporaryDirectory, type TemporaryDirectory } from '@orchestrator/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { specOf } from '../../testing/builders.ts'
import {
  createTestRuntime,
  orderOf,
  type OrderInput,
  pidsOf,
  processTable,
  refOf,
  TEST_PATH,
} from '../../testing/test-runtime.ts'

const never = new AbortController().signal
const WAIT = { timeout: 20_000, interval: 20 }
let directory: TemporaryDirectory
const markers: string[] = []

beforeEach(async () => {
  directory = await temporaryDirectory()
})
afterEach(async () => {
  for (const marker of markers.splice(0)) processTable.signalAll(MARKER_VARIABLE, marker, 'SIGKILL')
  await directory[Symbol.asyncDispose]()
})

function order(behaviour: OrderInput['behaviour'], more: Partial<OrderInput> = {}): AttemptFile {
  const attempt = orderOf({ stateDirectory: directory.path, behaviour, ...more })
  markers.push(attempt.submittedId)
  return attempt
}

const folderOf = (attempt: AttemptFile): string => join(directory.path, 'launches', attempt.spec.name)

async function ran(attempt: AttemptFile): Promise<readonly string[]> {
  const text = await readFile(join(folderOf(attempt), 'ran'), 'utf8').catch(() => '')
  return text.split('\n').filter((line) => line !== '')
}

async function expectGone(attempt: AttemptFile): Promise<void> {
  await expect.poll(() => pidsOf(attempt), WAIT).toEqual([])
}

describe('a held launch', () => {
  it('waits, and does nothing before it is let go', async () => {
    const runtime = createTestRuntime(directory.path)
    const attempt = order('obey')
    const uid = await runtime.launchHeld({ attempt, texts: { 'prompt.md': 'Do it.', 'CLAUDE.md': 'x' } }, never)
    expect(await runtime.state(refOf(attempt), uid)).toEqual({ kind: 'held' })
    expect(await runtime.findHeld(refOf(attempt))).toBe(uid)
    expect(pidsOf(attempt)).toEqual([parseWorkloadUid(uid)?.pid])
    expect(await readFile(join(folderOf(attempt), 'files', 'prompt.md'), 'utf8')).toBe('Do it.')
    expect(await ran(attempt)).toEqual([])

    await runtime.letGo(refOf(attempt), uid)
    await expect.poll(() => ran(attempt), WAIT).toEqual([uid])
    const state = await runtime.state(refOf(attempt), uid)
    expect(state.kind === 'running' && state.ageMs >= 0 && state.ageMs < 60_000).toBe(true)
    expect(await runtime.findHeld(refOf(attempt))).toBeUndefined()
    expect(await runtime.released(refOf(attempt), uid)).toBe(false)
  })

  it('gets an environment of four variables, a home of its own, and folders that nobody else reads', async () => {
    const runtime = createTestRuntime(directory.path)
    const attempt = order('obey')
    await runtime.launchHeld({ attempt, texts: {} }, never)
    const file = join(folderOf(attempt), 'environment.json')
    await expect.poll(() => existsSync(file), WAIT).toBe(true)
    const environment: unknown = JSON.parse(await readFile(file, 'utf8'))
    expect(environment).toEqual({
      PATH: TEST_PATH,
      LANG: 'C.UTF-8',
      HOME: join(directory.path, 'homes', 'workspace-trader'),
      [MARKER_VARIABLE]: attempt.submittedId,
    })
    for (const part of ['', 'files', 'held']) expect((await stat(join(folderOf(attempt), part))).mode & 0o077).toBe(0)
  })

  it('is taken up by a launcher that starts again, instead of a second one', async () => {
    const attempt = order('obey')
    const uid = await createTestRuntime(directory.path).launchHeld({ attempt, texts: {} }, never)
    const restarted = createTestRuntime(directory.path)
    expect(await restarted.launchHeld({ attempt, texts: {} }, never)).toBe(uid)
    expect(pidsOf(attempt)).toHaveLength(1)
    await restarted.letGo(refOf(attempt), uid)
    await expect.poll(() => ran(attempt), WAIT).toEqual([uid])
  })

  it('outlives the launcher that is killed', async () => {
    const attempt = order('obey')
    const program = fileURLToPath(new URL('../../testing/launch-only.ts', import.meta.url))
    const launcher = spawn(process.execPath, [program, directory.path, JSON.stringify(attempt)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const uid = await new Promise<string>((resolve) =>
      launcher.stdout.once('data', (data: Buffer) => resolve(data.toString().trim())),
    )
    const ended = new Promise((resolve) => launcher.once('exit', resolve))
    launcher.kill('SIGKILL')
    await ended
    const runtime = createTestRuntime(directory.path)
    expect(await runtime.state(refOf(attempt), uid)).toEqual({ kind: 'held' })
    await runtime.letGo(refOf(attempt), uid)
    await expect.poll(() => ran(attempt), WAIT).toEqual([uid])
  })

  it('lets only the named one of two go; the other ends without a word', async () => {
    const [left, right] = [createTestRuntime(directory.path), createTestRuntime(directory.path)]
    const attempt = order('obey')
    const uids = await Promise.all([
      left.launchHeld({ attempt, texts: {} }, never),
      right.launchHeld({ attempt, texts: {} }, never),
    ])
    const [first] = uids
    await left.letGo(refOf(attempt), first)
    await expect(right.letGo(refOf(attempt), 'another')).rejects.toMatchObject({ code: 'RUNTIME_UNAVAILABLE' })
    await right.letGo(refOf(attempt), first)
    await expect.poll(() => pidsOf(attempt), WAIT).toEqual([parseWorkloadUid(first)?.pid])
    await expect.poll(() => ran(attempt), WAIT).toEqual([first])
  })

  it('ends by itself when nobody lets it go, and is not let go too late', async () => {
    const runtime = createTestRuntime(directory.path)
    const attempt = order('obey', { changes: { holdLimitMs: 400 } })
    const uid = await runtime.launchHeld({ attempt, texts: {} }, never)
    await expect.poll(() => runtime.findHeld(refOf(attempt)), WAIT).toBeUndefined()
    await expectGone(attempt)
    await expect.poll(() => runtime.state(refOf(attempt), uid), WAIT).toEqual({ kind: 'gone' })
  })

  it('that ends early tells why, in printable words', async () => {
    const attempt = order('crash')
    const launching = createTestRuntime(directory.path).launchHeld({ attempt, texts: {} }, never)
    await expect(launching).rejects.toMatchObject({
      code: 'RUNTIME_UNAVAILABLE',
      message: String.raw`the runner did not start: it ended with exit code 3: no model\x1b[31m configured`,
    })
  })

  it('that is not held in time is ended', async () => {
    const attempt = order('silent')
    const runtime = createTestRuntime(directory.path, { launchTimeoutMs: 300 })
    await expect(runtime.launchHeld({ attempt, texts: {} }, never)).rejects.toThrow('not held within 300 ms')
    await expectGone(attempt)
  })

  it('that cannot be started at all is an error and no crash', async () => {
    const attempt = order('obey')
    const runtime = createTestRuntime(directory.path, { runnerMain: '/nowhere/main.ts' })
    await expect(runtime.launchHeld({ attempt, texts: {} }, never)).rejects.toThrow(
      /did not start: it ended with exit code 1.*nowhere/,
    )
  })

  it('replaces what an attempt of the same name left behind from another ledger', async () => {
    const runtime = createTestRuntime(directory.path)
    const old = order('quit')
    await runtime.letGo(refOf(old), await runtime.launchHeld({ attempt: old, texts: {} }, never))
    await expectGone(old)
    const attempt = order('obey')
    const uid = await runtime.launchHeld({ attempt, texts: {} }, never)
    expect(await runtime.state(refOf(attempt), uid)).toEqual({ kind: 'held' })
  })

  it('carries the generation in its folder from the second on', async () => {
    const runtime = createTestRuntime(directory.path)
    const attempt = order('obey', { changes: { epoch: { generation: 2, sequence: 1 } } })
    await runtime.launchHeld({ attempt, texts: {} }, never)
    expect(await readdir(join(directory.path, 'launches'))).toEqual([`${attempt.spec.name}-g2`])
  })

  it('never gets a folder outside of its own', async () => {
    const attempt = order('obey', { spec: specOf({}, { workspace: '../../etc' }) })
    await expect(createTestRuntime(directory.path).launchHeld({ attempt, texts: {} }, never)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    })
  })
})

async function launchAndLetGo(attempt: AttemptFile, runtime = createTestRuntime(directory.path)): Promise<string> {
  const uid = await runtime.launchHeld({ attempt, texts: {} }, never)
  await runtime.letGo(refOf(attempt), uid)
  await expect.poll(() => ran(attempt), WAIT).toHaveLength(1)
  return uid
}

describe('a stop', () => {
  it('asks first', async () => {
    const runtime = createTestRuntime(directory.path)
    const attempt = order('obey')
    const workloadUid = await launchAndLetGo(attempt, runtime)
    expect(await runtime.stop(refOf(attempt), { workloadUid, cause: 'requested', requestedBy: 'lead' })).toBe(1000)
    expect(JSON.parse(await readFile(join(folderOf(attempt), 'stop.json'), 'utf8'))).toEqual({
      v: 1,
      requestedBy: 'lead',
    })
    await expectGone(attempt)
    const again = (): Promise<number> =>
      runtime.stop(refOf(attempt), { workloadUid, cause: 'requested', requestedBy: 'lead' })
    await expect.poll(again, WAIT).toBe(0)
    expect(await runtime.released(refOf(attempt), workloadUid)).toBe(true)
  })

  it('goes on to SIGTERM and SIGKILL where nobody listens, grandchildren in sessions of their own included', async () => {
    const runtime = createTestRuntime(directory.path, { stopGraces: { askMs: 150, termMs: 150 } })
    const attempt = order('stubborn')
    const workloadUid = await launchAndLetGo(attempt, runtime)
    await expect.poll(() => pidsOf(attempt).length, WAIT).toBe(2)
    const started = performance.now()
    const stop = (): Promise<number> =>
      runtime.stop(refOf(attempt), { workloadUid, cause: 'requested', requestedBy: 'lead' })
    await expect.poll(stop, WAIT).toBe(0)
    expect(performance.now() - started).toBeGreaterThanOrEqual(290)
    expect(pidsOf(attempt)).toEqual([])
  })

  it('tells a runner that has outlived its limit so, and lets it save its work', async () => {
    const runtime = createTestRuntime(directory.path)
    const attempt = order('obey')
    const workloadUid = await launchAndLetGo(attempt, runtime)
    await runtime.stop(refOf(attempt), { workloadUid, cause: 'deadline', requestedBy: 'the launcher' })
    await expectGone(attempt)
    expect(JSON.parse(await readFile(join(folderOf(attempt), 'stop.json'), 'utf8'))).toMatchObject({
      requestedBy: 'the launcher',
      cause: 'deadline',
    })
  })

  it('ends a held runner without asking: it has done nothing', async () => {
    const runtime = createTestRuntime(directory.path)
    const attempt = order('obey')
    const workloadUid = await runtime.launchHeld({ attempt, texts: {} }, never)
    await runtime.stop(refOf(attempt), { workloadUid, cause: 'requested', requestedBy: 'lead' })
    await expectGone(attempt)
    expect(await ran(attempt)).toEqual([])
  })

  it('of what a runner left behind begins with SIGTERM, and only then the attempt is released', async () => {
    const runtime = createTestRuntime(directory.path)
    const attempt = order('leave')
    const workloadUid = await launchAndLetGo(attempt, runtime)
    await expect.poll(async () => (await runtime.state(refOf(attempt), workloadUid)).kind, WAIT).toBe('gone')
    expect(await runtime.released(refOf(attempt), workloadUid)).toBe(false)
    expect(
      await runtime.stop(refOf(attempt), { workloadUid, cause: 'requested', requestedBy: 'leftover' }),
    ).toBeGreaterThan(0)
    await expect.poll(() => runtime.released(refOf(attempt), workloadUid), WAIT).toBe(true)
  })

  it('of a workload of another boot has nothing to end', async () => {
    const runtime = createTestRuntime(directory.path)
    const attempt = order('obey')
    const workloadUid = '00000000-0000-0000-0000-000000000000:1:1'
    expect(await runtime.state(refOf(attempt), workloadUid)).toEqual({ kind: 'gone' })
    expect(await runtime.stop(refOf(attempt), { workloadUid, cause: 'requested', requestedBy: 'lead' })).toBe(0)
    expect(await runtime.released(refOf(attempt), workloadUid)).toBe(true)
  })
})

describe('what never started', () => {
  it('is listed, and removed with its folder once it is gone', async () => {
    const runtime = createTestRuntime(directory.path)
    const attempt = order('obey')
    const uid = await runtime.launchHeld({ attempt, texts: {} }, never)
    expect(await runtime.listUnstarted()).toMatchObject([
      { ...refOf(attempt), heldUids: [uid], attempt: { spec: { n: 1 } } },
    ])
    await runtime.remove(refOf(attempt))
    expect(pidsOf(attempt)).toEqual([])
    expect(existsSync(folderOf(attempt))).toBe(false)
    expect(await runtime.listUnstarted()).toEqual([])
    await runtime.remove(refOf(attempt))
  })

  it('is not what was let go: its folder stays for the logs', async () => {
    const runtime = createTestRuntime(directory.path)
    const attempt = order('quit')
    await launchAndLetGo(attempt, runtime)
    await expectGone(attempt)
    expect(await runtime.listUnstarted()).toEqual([])
    await runtime.remove(refOf(attempt))
    expect(existsSync(folderOf(attempt))).toBe(true)
  })

  it('is discarded one by one, and only if it is still that process', async () => {
    const runtime = createTestRuntime(directory.path)
    const attempt = order('obey')
    const uid = await runtime.launchHeld({ attempt, texts: {} }, never)
    const [boot, pid] = uid.split(':')
    await runtime.discard(refOf(attempt), `${boot}:${pid}:1`)
    expect(await runtime.findHeld(refOf(attempt))).toBe(uid)
    await runtime.discard(refOf(attempt), uid)
    await expectGone(attempt)
  })

  it('is passed over where its folder is half made or foreign', async () => {
    const launches = join(directory.path, 'launches')
    await mkdir(join(launches, 'half-made', 'files'), { recursive: true })
    await mkdir(join(launches, 'foreign'), { recursive: true })
    await writeFile(join(launches, 'foreign', 'attempt.json'), '{"v":9}')
    expect(await createTestRuntime(directory.path).listUnstarted()).toEqual([])
  })
})

describe('readMachineId', () => {
  it('gives one id to all who ask, whoever comes first', async () => {
    const ids = await Promise.all(Array.from({ length: 8 }, () => readMachineId(join(directory.path, 'state'))))
    expect(new Set(ids).size).toBe(1)
    expect(await readMachineId(join(directory.path, 'state'))).toBe(ids[0])
  })
})
