import { access, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { formatWorkloadUid } from '@orchestrator/shared/process'
import { createLaunchFixture, TASK_BRANCH } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { RUNNER_MAIN } from './index.ts'

describe('a held runner', { timeout: 60_000 }, () => {
  it('says who it is, and ends without a word when another one is let go', async () => {
    await using fixture = await createLaunchFixture(RUNNER_MAIN)
    const launched = await fixture.prepare({ scenario: [{ do: 'write', path: 'a', text: 'a' }] })
    const [one, other] = [await launched.spawnRunner(), await launched.spawnRunner()]
    const { bootId, pid, startTicks } = one.held
    expect(one.held).toMatchObject({
      submittedId: launched.attempt.submittedId,
      pid: one.child.pid,
      workloadUid: formatWorkloadUid({ bootId, pid, startTicks }),
    })
    await one.go()
    expect([await one.exitCode(), await other.exitCode()]).toEqual([0, 0])
    expect(await other.rawLines()).toBe('')
    expect(await other.errors()).toBe('')
    expect(await one.result()).toMatchObject({ outcome: 'Succeeded' })
  })

  it('ends without a trace when nobody lets it go in time', async () => {
    await using fixture = await createLaunchFixture(RUNNER_MAIN)
    const launched = await fixture.prepare({ change: (file) => ({ ...file, holdLimitMs: 300 }) })
    const runner = await launched.spawnRunner()
    expect(await runner.exitCode()).toBe(0)
    expect(await runner.rawLines()).toBe('')
    await expect(access(fixture.workspace)).rejects.toThrow()
  })

  it('ends quietly at a signal', async () => {
    await using fixture = await createLaunchFixture(RUNNER_MAIN)
    const runner = await (await fixture.prepare({})).spawnRunner()
    process.kill(runner.pid, 'SIGTERM')
    expect(await runner.exitCode()).toBe(0)
    expect(await runner.rawLines()).toBe('')
  })

  it('begins within a moment of its go', async () => {
    await using fixture = await createLaunchFixture(RUNNER_MAIN)
    const runner = await (await fixture.prepare({})).spawnRunner()
    const wentAt = Date.now()
    await runner.go()
    await expect.poll(async () => (await runner.lines()).length, { interval: 5 }).toBeGreaterThan(0)
    const [first] = await runner.lines()
    expect(Date.parse(first?.time ?? '') - wentAt).toBeLessThan(1000)
    await runner.exitCode()
  })

  it('says on standard error that it cannot read its order', async () => {
    await using fixture = await createLaunchFixture(RUNNER_MAIN)
    const launched = await fixture.prepare({})
    await writeFile(join(launched.folder, 'attempt.json'), '{"v":1}')
    await expect(launched.spawnRunner()).rejects.toThrow('not held')
  })
})

describe('the claim', { timeout: 60_000 }, () => {
  it('that another runner has leaves one line, and nothing else is touched', async () => {
    await using fixture = await createLaunchFixture(RUNNER_MAIN)
    const launched = await fixture.prepare({ scenario: [{ do: 'write', path: 'a', text: 'a' }] })
    await mkdir(launched.attemptDirectory, { recursive: true })
    await writeFile(join(launched.attemptDirectory, 'claim'), '')
    const runner = await launched.spawnRunner()
    await runner.go()
    expect(await runner.exitCode()).toBe(0)
    expect(await runner.lines()).toEqual([
      { seq: 1, time: expect.any(String), kind: 'claim-lost', holder: expect.any(String) },
    ])
    await expect(access(join(launched.attemptDirectory, 'result.json'))).rejects.toThrow()
    expect(await fixture.target.branches()).toEqual(['main'])
  })

  it('is refused while another attempt works in the workspace', async () => {
    await using fixture = await createLaunchFixture(RUNNER_MAIN)
    const first = await fixture.launch({
      scenario: [
        { do: 'write', path: 'a', text: 'a' },
        { do: 'say', text: 'here' },
        { do: 'await', path: '../shared/go-on' },
      ],
    })
    await first.said('here')
    const second = await fixture.launch({ n: 2, scenario: [{ do: 'write', path: 'b', text: 'b' }] })
    expect(await second.exitCode()).toBe(1)
    expect(await second.lines()).toEqual([
      expect.objectContaining({ kind: 'summary', outcome: 'Failed', reason: 'WorkspaceConflict', digest: '' }),
    ])
    await writeFile(join(fixture.workspace, 'shared/go-on'), '')
    expect(await first.exitCode()).toBe(0)
  })

  it('of an earlier attempt is refused for good', async () => {
    await using fixture = await createLaunchFixture(RUNNER_MAIN)
    const later = await fixture.launch({ n: 2, scenario: [{ do: 'write', path: 'a', text: 'a' }] })
    expect(await later.exitCode()).toBe(0)
    const earlier = await fixture.launch({ n: 1, scenario: [{ do: 'write', path: 'b', text: 'b' }] })
    expect(await earlier.exitCode()).toBe(1)
    expect((await earlier.lines()).at(-1)).toMatchObject({ kind: 'summary', reason: 'WorkspaceConflict' })
  })

  it('that is lost on the way ends the attempt without a push', async () => {
    await using fixture = await createLaunchFixture(RUNNER_MAIN)
    const runner = await fixture.launch({
      scenario: [
        { do: 'write', path: 'a', text: 'a' },
        { do: 'say', text: 'here' },
        { do: 'await', path: '../shared/go-on' },
      ],
    })
    await runner.said('here')
    await writeFile(join(fixture.workspace, 'tasks/epoch'), JSON.stringify({ generation: 1, sequence: 99 }))
    await writeFile(join(fixture.workspace, 'shared/go-on'), '')
    expect(await runner.exitCode()).toBe(1)
    expect(await runner.result()).toMatchObject({ outcome: 'Failed', reason: 'WorkspaceConflict', pushedSha: null })
    expect(await fixture.target.sha(TASK_BRANCH)).toBeUndefined()
  })
})
