import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { HeldFile, MARKER_VARIABLE, ResultRecord } from '@orchestrator/shared/contracts'
import { BUILT_IN_TEMPLATES, loadTemplates, SAMPLES } from '@orchestrator/shared/templates'
import { createLaunchFixture } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { RUNNER_MAIN } from './index.ts'

describe('the entry of a container', () => {
  it('becomes the runner, which does the attempt', async () => {
    await using fixture = await createLaunchFixture(RUNNER_MAIN)
    const { attempt, folder, attemptDirectory } = await fixture.prepare({
      scenario: [{ do: 'write', path: 'greeting.txt', text: 'hello\n' }],
    })
    const { spec, workspaceDirectory } = attempt
    const { others } = (await loadTemplates([BUILT_IN_TEMPLATES])).render({ spec, earlier: [], workspaceDirectory })
    const entry = join(folder, 'container.sh')
    await writeFile(entry, others.find(({ destination }) => destination === 'container.sh')?.text ?? '')
    await chmod(entry, 0o755)

    const environment = {
      PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
      HOME: join(fixture.state, 'home'),
      ORCHESTRATOR_RUNNER: RUNNER_MAIN,
      ORCHESTRATOR_LAUNCH_FOLDER: folder,
      ORCHESTRATOR_SPAWN: 'container-1',
      [MARKER_VARIABLE]: attempt.submittedId,
    }
    const child = spawn(entry, [], { env: environment, stdio: 'ignore', detached: true })
    const ended = once(child, 'exit')
    const readHeld = async (): Promise<HeldFile> =>
      HeldFile.parse(JSON.parse(await readFile(join(folder, 'held/container-1.json'), 'utf8')))
    await expect.poll(readHeld).toMatchObject({ pid: child.pid })
    const { workloadUid } = await readHeld()
    await writeFile(join(folder, 'go.part'), JSON.stringify({ v: 1, workloadUid }))
    await rename(join(folder, 'go.part'), join(folder, 'go.json'))
    await ended
    expect(child.exitCode).toBe(0)
    const result = ResultRecord.parse(JSON.parse(await readFile(join(attemptDirectory, 'result.json'), 'utf8')))
    expect(result).toMatchObject({ outcome: 'Succeeded', submittedId: attempt.submittedId })
  })

  it('says which variable the pod did not give', async () => {
    const { others } = (await loadTemplates([BUILT_IN_TEMPLATES])).render(SAMPLES.first)
    const script = others.find(({ destination }) => destination === 'container.sh')?.text ?? ''
    const child = spawn('sh', ['-c', script], {
      env: { PATH: process.env['PATH'] ?? '' },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const said = await child.stderr.toArray()
    expect(String(Buffer.concat(said))).toContain('ORCHESTRATOR_RUNNER')
  })
})
