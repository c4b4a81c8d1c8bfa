import { once } from 'node:events'
import {
  type AttemptProgressed,
  CONTROL_SUBJECTS,
  createEvent,
  type LogBatch,
  logSubject,
  newEventId,
  RUNNER_LINE_MAX_BYTES,
} from '@orchestrator/shared/contracts'
import { createNotices } from '@orchestrator/shared/nats'
import { startTestBroker } from '@orchestrator/testing'
import { describe, expect, it, vi } from 'vitest'
import { LOG_WAIT_MS } from './end-watch.ts'
import { lineText, stopEvent } from './testing/attempts.ts'
import { IN_TIME, joined, texts, World } from './testing/watcher-world.ts'

const { signal } = new AbortController()

function gapsOf(batches: readonly LogBatch[]): unknown[] {
  return batches.flatMap(({ head }) => head.gaps)
}

describe('the watcher', () => {
  it('tells progress, ships the log, and finishes once by the record, with two replicas at work', async () => {
    await using world = await World.create(await startTestBroker())
    const replicas = [await world.startWatcher(), await world.startWatcher()]
    const runners = await Promise.all([1, 2, 3, 4].map(async (n) => await world.launch({ n })))
    for (const runner of runners) {
      await runner.write(joined([lineText(1, { kind: 'step', step: 'implementing' }), ...texts(2, 50)]))
      await runner.writeResult({ lines: 50 })
      await runner.kill()
    }
    for (const { attempt } of runners) {
      expect(await world.untilFinished(attempt)).toMatchObject({
        name: attempt.name,
        submittedId: attempt.submittedId,
        phase: 'Succeeded',
        reason: 'GatesPassed',
        verified: true,
        result: {
          pushedSha: 'b'.repeat(40),
          brief: '# What was done',
          digest: expect.stringMatching(/^[0-9a-f]{64}$/),
        },
        logs: { lines: 50, gaps: 0 },
      })
      expect(await world.log(attempt)).toHaveLength(50)
    }
    for (const replica of replicas) expect(replica.health()).toMatchObject({ ready: true })
    // Both have heard of the end: nothing comes twice.
    await Promise.all(replicas.map(async (replica) => await replica[Symbol.asyncDispose]()))
    for (const { attempt } of runners) expect(await world.finished(attempt)).toHaveLength(1)
  })

  it('says once more where a live attempt stands, all that it knows, when views are made again', async () => {
    await using world = await World.create(await startTestBroker())
    const told: AttemptProgressed['data'][] = []
    const done = new AbortController()
    const following = (async () => {
      for await (const { event } of world.progress.follow({ signal: done.signal })) told.push(event.data)
    })()
    await world.startWatcher({ LOOK_INTERVAL_MS: '60000' })
    const { write } = await world.launch()
    await write(
      joined([lineText(1, { kind: 'step', step: 'implementing' }), lineText(2, { kind: 'text', text: 'Hm.' })]),
    )
    await expect.poll(() => told.at(-1), IN_TIME).toMatchObject({ step: 'implementing', lastText: 'Hm.', line: 2 })
    const before = told.length
    await createNotices(await world.broker.connect('submitter')).tell(CONTROL_SUBJECTS.rebuild, { views: 1 })
    await expect.poll(() => told.length, IN_TIME).toBe(before + 1)
    expect(told.at(-1)).toEqual(told.at(-2))
    done.abort()
    await following
  })

  it('says Running with the runner’s first line, and each step', async () => {
    await using world = await World.create(await startTestBroker())
    await world.startWatcher()
    const { attempt, write } = await world.launch()
    const seen: AttemptProgressed['data'][] = []
    const done = new AbortController()
    const following = (async () => {
      for await (const { event } of world.progress.follow({ signal: done.signal })) seen.push(event.data)
    })()
    await write(joined([lineText(1, { kind: 'step', step: 'claim' })]))
    await expect
      .poll(() => seen.at(-1), IN_TIME)
      .toMatchObject({ name: attempt.name, phase: 'Running', step: 'claim', line: 1 })
    await write(
      joined([
        lineText(2, { kind: 'tool', tool: 'Edit', summary: 'a.ts' }),
        lineText(3, { kind: 'step', step: 'gates' }),
      ]),
    )
    await expect.poll(() => seen.at(-1), IN_TIME).toMatchObject({ step: 'gates', line: 3, lastActions: ['Edit: a.ts'] })
    done.abort()
    await following
  })

  it.each<[string, boolean, object]>([
    ['a runner that was killed', false, { phase: 'Unknown', reason: 'WorkloadLost', verified: false }],
    ['a runner that was killed after a stop', true, { phase: 'Stopped', reason: 'StopRequested' }],
  ])('decides without a record on %s', async (_title, stop, expected) => {
    await using world = await World.create(await startTestBroker())
    await world.startWatcher()
    const { attempt, write, kill } = await world.launch()
    await write(joined(texts(1, 3)))
    if (stop) await world.say(attempt, stopEvent(attempt))
    await kill()
    expect(await world.untilFinished(attempt)).toMatchObject({ ...expected, logs: { lines: 3, gaps: 0 } })
  })

  it('lets the record decide, also after a stop, and ignores that of another attempt', async () => {
    await using world = await World.create(await startTestBroker())
    await world.startWatcher()
    const [own, foreign] = [await world.launch(), await world.launch({ n: 2 })]
    await world.say(own.attempt, stopEvent(own.attempt))
    await own.writeResult({ outcome: 'Failed', reason: 'GateFailed', verified: false, lines: 0 })
    await foreign.writeResult({ submittedId: 'of-another' })
    await Promise.all([own.kill(), foreign.kill()])
    expect(await world.untilFinished(own.attempt)).toMatchObject({ phase: 'Failed', reason: 'GateFailed' })
    expect(await world.untilFinished(foreign.attempt)).toMatchObject({ phase: 'Unknown' })
  })

  it('finds what began, was stopped and ended while no watcher was there, and leaves other places alone', async () => {
    await using world = await World.create(await startTestBroker())
    const [ended, stopped] = [await world.launch(), await world.launch({ n: 2 })]
    const elsewhere = await world.launch({ n: 3, change: { location: 'another-machine' } })
    const held = await world.launch({ n: 4, held: true })
    const rebooted = await world.launch({ n: 5, change: { workloadUid: '00000000-0000-0000-0000-000000000000:1:1' } })
    await ended.write(joined(texts(1, 5)))
    await world.say(stopped.attempt, stopEvent(stopped.attempt))
    for (const runner of [ended, stopped, elsewhere, held]) await runner.kill()
    await world.startWatcher()
    expect(await world.untilFinished(ended.attempt)).toMatchObject({ phase: 'Unknown', logs: { lines: 5 } })
    expect(await world.untilFinished(stopped.attempt)).toMatchObject({ phase: 'Stopped', logs: { lines: 0 } })
    expect(await world.untilFinished(held.attempt)).toMatchObject({ phase: 'Failed', reason: 'LaunchFailed' })
    expect(await world.untilFinished(rebooted.attempt)).toMatchObject({ phase: 'Unknown', reason: 'WorkloadLost' })
    expect(await world.finished(elsewhere.attempt)).toEqual([])
  })

  it('is not kept from an attempt by what a newer release wrote of another, or by damage', async () => {
    await using world = await World.create(await startTestBroker())
    const connection = await world.broker.connect('newer release')
    const runners = [await world.launch(), await world.launch({ n: 2 }), await world.launch({ n: 3 })]
    const [newer, damaged, plain] = runners
    if (newer === undefined || damaged === undefined || plain === undefined) throw new Error('no runners')
    await connection.js.publish(newer.attempt.subject, JSON.stringify({ type: 'attempt.started.v2' }))
    await connection.js.publish(damaged.attempt.subject, '{"type":"attempt.started"}')
    for (const { attempt } of [newer, damaged]) {
      const event = stopEvent(attempt)
      await connection.js.publish(attempt.subject, JSON.stringify(event))
    }
    const app = await world.startWatcher()
    await plain.kill()
    expect(await world.untilFinished(plain.attempt)).toMatchObject({ phase: 'Unknown' })
    expect(app.health()).toMatchObject({ ready: true })
  })

  it('closes the log of an attempt that was finished before', async () => {
    await using world = await World.create(await startTestBroker())
    const { attempt, write, kill } = await world.launch()
    await write(joined(texts(1, 5)))
    await kill()
    const { name, submittedId } = attempt
    const data = { name, submittedId, phase: 'Unknown', reason: 'WorkloadLost', message: 'm', verified: false } as const
    await world.say(
      attempt,
      createEvent({
        id: newEventId(),
        type: 'attempt.finished',
        source: 'watcher',
        subject: name,
        time: new Date(),
        data,
      }),
    )
    await world.startWatcher()
    expect(await world.untilClosed(attempt)).toMatchObject({ closing: { lines: 5, gaps: 0 } })
    expect(await world.finished(attempt)).toHaveLength(1)
  })

  it('brings in a log of 100,000 lines whole, as it was written', { timeout: 60_000 }, async () => {
    await using world = await World.create(await startTestBroker())
    await world.startWatcher()
    const { attempt, write, kill, writeResult } = await world.launch()
    const lines = texts(1, 100_000, (n) => ({ kind: 'output', stream: 'stdout', text: `line ${n} ${'x'.repeat(100)}` }))
    for (let at = 0; at < lines.length; at += 5000) await write(joined(lines.slice(at, at + 5000)))
    await writeResult({ lines: 100_000 })
    await kill()
    expect(await world.untilFinished(attempt)).toMatchObject({ logs: { lines: 100_000, gaps: 0 } })
    const shipped = await world.log(attempt)
    expect(shipped.length).toBe(lines.length)
    expect(shipped.findIndex((line, i) => line !== lines[i])).toBe(-1)
  })

  it('keeps head and tail of a log above its cap and counts the middle', async () => {
    await using world = await World.create(await startTestBroker())
    await world.startWatcher({ LOG_BYTES_PER_ATTEMPT: String(64 * 1024) })
    const { attempt, write, kill } = await world.launch()
    const lines = texts(1, 5000)
    await write(joined(lines))
    await kill()
    const { logs } = await world.untilFinished(attempt)
    const shipped = await world.log(attempt)
    expect(shipped.join('\n').length).toBeLessThan(64 * 1024)
    expect([shipped[0], shipped.at(-1)]).toEqual([lines[0], lines.at(-1)])
    expect(logs).toEqual({ lines: shipped.length, gaps: 5000 - shipped.length })
    expect(gapsOf(await world.batches(attempt))).toHaveLength(1)
  })

  it('counts what is no line, and passes on whatever a line holds', async () => {
    await using world = await World.create(await startTestBroker())
    await world.startWatcher()
    const { attempt, write, kill } = await world.launch()
    const ansi = lineText(1, { kind: 'text', text: '\u001B[2J\u202E\u0000{{mustache}}$(id)' })
    await write(joined([ansi, lineText(2, { kind: 'text', text: 'x'.repeat(RUNNER_LINE_MAX_BYTES) })]))
    await write(
      Buffer.concat([Buffer.from('{"seq":3,"kind":"text","text":"'), Buffer.of(0xff, 0xfe), Buffer.from('"}\n')]),
    )
    await write(joined(['\u001B[31mnot JSON', lineText(5), lineText(5), '{"seq":1e300}', lineText(6)]))
    await write(lineText(7).slice(0, 20))
    await expect.poll(async () => (await world.log(attempt)).length, IN_TIME).toBe(4)
    await kill()
    expect(await world.untilFinished(attempt)).toMatchObject({ logs: { lines: 4, gaps: 3 } })
    expect(await world.log(attempt)).toEqual([
      ansi,
      '{"seq":3,"kind":"text","text":"\uFFFD\uFFFD"}',
      lineText(5),
      lineText(6),
    ])
    expect(gapsOf(await world.batches(attempt))).toEqual([
      { first: 2, last: 2 },
      { first: 4, last: 4 },
      { first: 7, last: 7 },
    ])
  })

  it('loses and doubles no line when it is killed in the middle, again and again', { timeout: 60_000 }, async () => {
    await using world = await World.create(await startTestBroker())
    const { attempt, write, kill, writeResult } = await world.launch()
    const lines = texts(1, 30_000)
    for (let round = 0; round < 5; round += 1) {
      const watcher = await world.spawnWatcher()
      const before = (await world.logs.last(logSubject(attempt.ref), signal))?.seq ?? 0
      await write(joined(lines.slice(round * 6000, (round + 1) * 6000)))
      await vi.waitFor(
        async () => expect((await world.logs.last(logSubject(attempt.ref), signal))?.seq ?? 0).toBeGreaterThan(before),
        IN_TIME,
      )
      const exited = once(watcher, 'exit')
      watcher.kill('SIGKILL')
      await exited
    }
    await world.startWatcher()
    await writeResult({ lines: 30_000 })
    await kill()
    expect(await world.untilFinished(attempt)).toMatchObject({ phase: 'Succeeded', logs: { lines: 30_000, gaps: 0 } })
    expect(await world.log(attempt)).toEqual(lines)
    expect(await world.finished(attempt)).toHaveLength(1)
  })

  it('closes the log for a replica that was killed, long before its lease is over', async () => {
    await using world = await World.create(await startTestBroker())
    await world.startWatcher()
    const holder = await world.spawnWatcher()
    const { attempt, write, kill, writeResult } = await world.launch()
    await write(joined(texts(1, 100)))
    await expect.poll(async () => (await world.log(attempt)).length, IN_TIME).toBe(100)
    const exited = once(holder, 'exit')
    holder.kill('SIGKILL')
    await exited
    await write(joined(texts(101, 200)))
    await writeResult({ lines: 200 })
    await kill()
    const startedAt = performance.now()
    expect(await world.untilFinished(attempt)).toMatchObject({ phase: 'Succeeded', logs: { lines: 200, gaps: 0 } })
    expect(performance.now() - startedAt).toBeLessThan(LOG_WAIT_MS)
    expect(await world.log(attempt)).toEqual(texts(1, 200))
  })

  it('goes on when the broker was killed and came back', { timeout: 60_000 }, async () => {
    await using world = await World.create(await startTestBroker())
    const app = await world.startWatcher()
    const [early, late] = [await world.launch(), await world.launch({ n: 2 })]
    await early.write(joined(texts(1, 2000)))
    await expect.poll(async () => (await world.log(early.attempt)).length, IN_TIME).toBe(2000)
    await world.broker.kill()
    await expect.poll(() => app.health().ready, IN_TIME).toBe(false)
    await early.write(joined(texts(2001, 4000)))
    await late.write(joined(texts(1, 10)))
    await early.writeResult({ lines: 4000 })
    await Promise.all([early.kill(), late.kill()])
    await world.broker.restart()
    expect(await world.untilFinished(early.attempt)).toMatchObject({ phase: 'Succeeded' })
    expect(await world.untilFinished(late.attempt)).toMatchObject({ phase: 'Unknown' })
    expect(await world.untilClosed(early.attempt)).toMatchObject({ closing: { lines: 4000, gaps: 0 } })
    expect(await world.log(early.attempt)).toEqual(texts(1, 4000))
    expect(await world.untilClosed(late.attempt)).toMatchObject({ closing: { lines: 10, gaps: 0 } })
    await expect.poll(() => app.health().ready, IN_TIME).toBe(true)
  })
})
