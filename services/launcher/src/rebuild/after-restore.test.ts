import {
  attemptSubject,
  BranchDocument,
  Settings,
  SlotDocument,
  taskSubject,
  WorkspaceDocument,
} from '@orchestrator/shared/contracts'
import { createLedger, openDocuments, raiseGeneration, readLedgerFacts } from '@orchestrator/shared/nats'
import { createLogger } from '@orchestrator/shared/service'
import { sampleAttempt, startedEvent, startTestBroker, submittedEvent } from '@orchestrator/testing'
import { expect, it } from 'vitest'
import { createLedgerMemory } from '../memory/ledger-memory.ts'
import { AGENTS } from '../testing/test-world.ts'
import { rebuildAfterRestore } from './after-restore.ts'

const { signal } = new AbortController()

it('makes the documents of a restored ledger once, before anything is launched, and of no other', async () => {
  await using server = await startTestBroker()
  const broker = await server.connect('test')
  const [runs, waits] = [sampleAttempt('1'), sampleAttempt('2')]
  for (const ref of [runs, waits]) await broker.js.publish(taskSubject(ref), JSON.stringify(submittedEvent(ref)))
  await broker.js.publish(attemptSubject(runs), JSON.stringify(startedEvent(runs)))
  const ledger = await createLedger(broker)
  const workspaces = await openDocuments(broker, 'workspaces', WorkspaceDocument)
  const woken: string[] = []
  const world = {
    ledger,
    memory: createLedgerMemory(ledger),
    workspaces,
    slots: await openDocuments(broker, 'slots', SlotDocument),
    branches: await openDocuments(broker, 'branches', BranchDocument),
    settings: Settings.parse(AGENTS),
    wake: (service: string) => void woken.push(service),
    logger: createLogger({ name: 'test', level: 'silent', destination: process.stderr }),
  }
  await rebuildAfterRestore({ broker, world, signal })
  expect(await workspaces.list()).toEqual([])

  await raiseGeneration(broker, 2)
  await rebuildAfterRestore({ broker, world, signal })
  const made = await workspaces.get('trader')
  expect(made?.value).toMatchObject({ grant: { taskId: '1', epoch: { generation: 1 } }, entries: [{ taskId: '2' }] })
  expect(woken).toEqual(['trader'])
  expect(await readLedgerFacts(broker)).toMatchObject({ generation: 2, documents: 2 })

  await workspaces.remove('trader', made?.revision ?? 0)
  await rebuildAfterRestore({ broker, world, signal })
  expect(await workspaces.list()).toEqual([])
})
