import { type AttemptSpec, attemptSubject } from '@orchestrator/shared/contracts'
import {
  PUBLISH_FAULTS,
  type PublishFaultOptions,
  startPublishFaults,
  startTestBroker,
  temporaryDirectory,
} from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { specOf, started } from '../testing/builders.ts'
import { createTestSite, type TestSite } from '../testing/test-site.ts'

const WAIT = { timeout: 25_000, interval: 20 }
const spec = specOf()
const QUIT = { agents: { 'claude-agent-1': { adapter: 'command', command: ['quit'] } } }

interface Stage extends Pick<PublishFaultOptions, 'type' | 'fault'> {
  readonly settings: unknown
  readonly rival: (site: TestSite, publish: (event: object) => Promise<unknown>) => Promise<unknown>
}

async function onStage(stage: Stage, act: (site: TestSite) => Promise<void>): Promise<void> {
  await using directory = await temporaryDirectory()
  await using broker = await startTestBroker()
  const client = await broker.connect('rival')
  const publish = (event: object): Promise<unknown> => client.js.publish(attemptSubject(spec), JSON.stringify(event))
  let rival: () => Promise<unknown> = () => Promise.resolve()
  const { type, fault, settings } = stage
  await using proxy = await startPublishFaults({ target: broker.url, type, fault, rival: () => rival() })
  await using site = await createTestSite({ url: proxy.url, client, stateDirectory: directory.path, settings })
  rival = () => stage.rival(site, publish)
  await using _ = await site.startLauncher()
  await site.submit(spec)
  await act(site)
  expect(proxy.inflicted).toBe(1)
}

async function typesOf(site: TestSite, of: AttemptSpec = spec): Promise<readonly string[]> {
  return (await site.history(of)).types
}

describe.each(PUBLISH_FAULTS)('a publish that meets %s', (fault) => {
  it('of a start lets one workload go, or none where it was stopped at that moment', async () => {
    const rival = (site: TestSite): Promise<unknown> => site.stop(spec)
    await onStage({ type: 'attempt.started', fault, settings: QUIT, rival }, async (site) => {
      await expect.poll(() => site.watch(spec), WAIT).toBe(true)
      const stopped = fault === 'refusal'
      expect(await typesOf(site)).toEqual([stopped ? 'task.stopRequested' : 'attempt.started', 'attempt.finished'])
      const { started: start, finished } = await site.history(spec)
      expect(await site.ran(spec)).toEqual(stopped ? [] : [start?.data.workloadUid])
      expect(finished?.data.phase).toBe(stopped ? 'Stopped' : 'Succeeded')
    })
  })

  it('of an end is there once, or not at all where it was started elsewhere at that moment', async () => {
    const rival: Stage['rival'] = (_site, publish) => publish(started(spec, 'far-uid', 'another machine'))
    await onStage({ type: 'attempt.finished', fault, settings: {}, rival }, async (site) => {
      const elsewhere = fault === 'refusal'
      const holder = async (): Promise<unknown> => (await site.workspaces.get('trader'))?.value.grant?.name ?? null
      await expect
        .poll(async () => [await typesOf(site), await holder(), await site.unsettled()], WAIT)
        .toEqual([[elsewhere ? 'attempt.started' : 'attempt.finished'], elsewhere ? spec.name : null, 0])
      expect((await site.history(spec)).finished?.data.reason).toBe(elsewhere ? undefined : 'ConfigurationInvalid')
    })
  })
})
