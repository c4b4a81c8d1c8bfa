/** A machine that loses its power while attempts run, and comes up again. */
import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { scriptedAgentCommand, temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { startInstallation } from '../support/installation.ts'
import { NO_MACHINE, startMachine } from '../support/machine.ts'
import { createPlatform, createTarget } from '../support/repositories.ts'

describe('a reboot', () => {
  it(
    'leaves what ran Unknown, its workspace free and nothing run again; what waited goes on',
    { timeout: 120_000 },
    async ({ skip }) => {
      skip(NO_MACHINE !== undefined, NO_MACHINE)
      await using platform = await createPlatform([{ id: '1' }, { id: '2' }])
      await using trader = await createTarget()
      await using auth = await createTarget()
      await using directory = await temporaryDirectory()
      const runs = join(directory.path, 'runs')
      const mark = `echo "$ORCHESTRATOR_SERVICE $ORCHESTRATOR_TASK_ID $ORCHESTRATOR_ATTEMPT_NUMBER" >> ${runs}`
      const begins = [
        { do: 'run', command: ['sh', '-c', mark] },
        { do: 'write', path: 'half.txt', text: 'half done\n' },
        { do: 'say', text: 'at work' },
      ] as const
      const settings = {
        defaults: { platformRepositoryUrl: platform.url },
        services: {
          trader: { repositoryUrl: trader.url, agent: 'hanging' },
          auth: { repositoryUrl: auth.url, agent: 'hanging' },
        },
        agents: {
          hanging: { adapter: 'command', command: scriptedAgentCommand([...begins, { do: 'hang' }]) },
          quick: { adapter: 'command', command: scriptedAgentCommand(begins) },
        },
      } as const

      const before = await startMachine()
      const { folder, running, waiting } = await (async () => {
        await using machine = before
        const installation = await startInstallation(settings, { folder: directory.path, place: machine })
        const { api } = installation
        const started = [
          await api.submit({ service: 'trader', taskId: '1' }),
          await api.submit({ service: 'auth', taskId: '1' }),
        ]
        for (const { attempt } of started) await api.until(attempt, ({ lastText }) => lastText === 'at work')
        const next = await api.submit({ service: 'trader', taskId: '2', agent: 'quick' })
        await api.until(next.attempt, ({ phase }) => phase === 'Queued')
        return { folder: installation.workspace('trader'), running: started, waiting: next }
      })()

      await using machine = await startMachine()
      expect(machine.bootId).not.toBe(before.bootId)
      await using installation = await startInstallation(settings, { folder: directory.path, place: machine })
      const { api } = installation
      expect(installation.output()).not.toContain('adopted')
      for (const { attempt } of running) {
        const ended = await api.finished(attempt)
        expect(ended).toMatchObject({ phase: 'Unknown', reason: 'WorkloadLost', verified: false, result: null })
        expect(ended.message).toContain('its machine was restarted')
        expect(ended.message).toContain(`branch ${ended.branch}`)
        expect(ended.message).toContain('then retry it')
        expect((await installation.cli('task', 'wait', attempt)).code).toBe(6)
      }

      // No process of that boot can run: that is proof, and the workspace goes to whoever waits for it.
      await expect(api.finished(waiting.attempt)).resolves.toMatchObject({ phase: 'Succeeded' })
      // The interrupted work was put aside for people before the workspace was used again.
      await access(join(folder, 'tasks/master-1/attempt-1'))
      const again = await api.retry({ service: 'auth', taskId: '1' }, { guidance: 'Go on.', agent: 'quick' })
      await expect(api.finished(again.attempt)).resolves.toMatchObject({ phase: 'Succeeded' })

      const ran = (await readFile(runs, 'utf8')).trim().split('\n')
      expect(ran.toSorted()).toEqual(['auth 1 1', 'auth 1 2', 'trader 1 1', 'trader 2 1'])
      expect(await api.attempts('limit=200')).toHaveLength(4)
    },
  )
})
