/** Wall clocks of services and runner that are set by an hour, both ways, while attempts run. */
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ResultRecord } from '@orchestrator/shared/contracts'
import { scriptedAgentCommand, temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { startInstallation } from '../support/installation.ts'
import { NO_MACHINE, startMachine } from '../support/machine.ts'
import { createPlatform, createTarget } from '../support/repositories.ts'

const HOUR_MS = 3_600_000
const RUNNER_MAIN = join(import.meta.dirname, '../../packages/runner/src/main.ts')
const SHIFT = pathToFileURL(join(import.meta.dirname, '../support/shifted-clock.ts')).href

describe('a clock that is set by an hour', () => {
  it('ends nothing and makes no duration negative, whichever way it jumps', { timeout: 180_000 }, async ({ skip }) => {
    skip(NO_MACHINE !== undefined, NO_MACHINE)
    await using platform = await createPlatform([{ id: '1' }, { id: '2' }])
    await using target = await createTarget()
    await using directory = await temporaryDirectory()
    const file = (name: string): string => join(directory.path, name)
    const set = async (ms: number): Promise<void> => {
      await writeFile(file('offset.new'), String(ms))
      await rename(file('offset.new'), file('offset'))
    }
    await set(0)
    const shift = `import { shiftClock } from '${SHIFT}'; shiftClock('${file('offset')}')\n`
    await writeFile(file('clock.mjs'), shift)
    await writeFile(
      file('runner.ts'),
      `import '${pathToFileURL(file('clock.mjs')).href}'\n${await readFile(RUNNER_MAIN, 'utf8')}`,
    )

    await using machine = await startMachine({ replaced: { [RUNNER_MAIN]: file('runner.ts') } })
    const place = {
      ...machine,
      spawn: ([node = '', ...args]: readonly string[]) => machine.spawn([node, '--import', file('clock.mjs'), ...args]),
    }
    const patient = scriptedAgentCommand([
      { do: 'say', text: 'at work' },
      { do: 'await', path: file('go-on') },
      { do: 'write', path: 'done.txt', text: 'done\n' },
    ])
    await using installation = await startInstallation(
      {
        defaults: { platformRepositoryUrl: platform.url, agent: 'patient' },
        services: { trader: { repositoryUrl: target.url } },
        agents: { patient: { adapter: 'command', command: patient } },
      },
      { folder: directory.path, place },
    )
    const { api } = installation
    const first = await api.submit({ service: 'trader', taskId: '1' })
    const second = await api.submit({ service: 'trader', taskId: '2' })
    await api.until(first.attempt, ({ lastText }) => lastText === 'at work')

    for (const offset of [HOUR_MS, -HOUR_MS]) {
      await set(offset)
      // The lease of the watcher is renewed every five seconds: it is still there after that.
      const since = performance.now()
      await expect.poll(() => performance.now() - since, { timeout: 20_000 }).toBeGreaterThan(7000)
      expect(await api.attempt(first.attempt)).toMatchObject({ phase: 'Running', lastText: 'at work' })
      expect((await fetch(new URL('/readyz', installation.url))).status).toBe(200)
      const { stdout } = await installation.cli('task', 'status', first.attempt)
      expect(stdout).not.toMatch(/-\d+[smhd]\b/)
    }
    await writeFile(file('go-on'), '')

    for (const { attempt } of [first, second]) {
      const ended = await api.finished(attempt)
      expect(ended).toMatchObject({
        phase: 'Succeeded',
        result: { durationMs: expect.toSatisfy((ms: number) => ms >= 0) },
      })
      const times = [ended.submittedAt, ended.startedAt, ended.finishedAt].map((time) => Date.parse(time ?? ''))
      expect(times).toEqual(times.toSorted((a, b) => a - b))
      const folder = join(installation.workspace('trader'), 'tasks', `master-${ended.taskId}`, 'attempt-1')
      const record = ResultRecord.parse(JSON.parse(await readFile(join(folder, 'result.json'), 'utf8')))
      expect(Date.parse(record.endedAt)).toBeGreaterThanOrEqual(Date.parse(record.startedAt))
      const durations = [record, ...record.steps, ...record.gates].map(({ durationMs }) => durationMs)
      expect(Math.min(...durations)).toBeGreaterThanOrEqual(0)
      for (const line of await api.lines(attempt)) {
        if ('durationMs' in line) expect(line.durationMs).toBeGreaterThanOrEqual(0)
      }
    }
    // It was really set: the runner's lines show both hours.
    const hours = new Set(
      (await api.lines(first.attempt)).map(({ time }) => Date.parse(time) > Date.now() - HOUR_MS / 2),
    )
    expect(hours).toEqual(new Set([true, false]))
  })
})
