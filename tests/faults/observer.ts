/** Looks at a round from outside: streams message by message, buckets, files and processes. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isTerminal, logSubject, readEvent, SlotDocument, WorkspaceDocument } from '@orchestrator/shared/contracts'
import { type Broker, openDocuments } from '@orchestrator/shared/nats'
import { readLedger } from './checks/attempts.ts'
import type { AgentMark, LedgerMessage, ShownAttempt, StoredMessage } from './history.ts'
import type { Site } from './site.ts'
import { processesOf, roleOf } from './workloads.ts'

export interface Observer {
  readonly ledger: readonly LedgerMessage[]
  readonly logs: readonly StoredMessage[]
  /** Reads what is new in the streams; only once no broker is killed any more, so that no sequence comes twice. */
  read(): Promise<void>
  /** What is still to happen before the round is over. */
  pending(seen: SeenElsewhere): Promise<readonly string[]>
  deadLetters(): Promise<readonly string[]>
  /** How often messages were delivered again, over all durables. */
  redelivered(): Promise<number>
}

export interface SeenElsewhere {
  readonly told: readonly number[]
  readonly views: readonly (readonly ShownAttempt[])[]
}

export function createObserver(broker: Broker, site: Site, folder: string): Observer {
  const tasks = createTail(broker, 'TASKS')
  const logs = createTail(broker, 'LOGS')
  const events = new Map<number, LedgerMessage>()
  const ledger = (): readonly LedgerMessage[] => [...events.values()]

  return {
    get ledger() {
      return ledger()
    },
    get logs() {
      return logs.messages
    },
    read: async () => {
      await tasks.read()
      await logs.read()
      for (const message of tasks.messages)
        if (!events.has(message.seq)) events.set(message.seq, toLedgerMessage(message))
    },
    pending: async ({ told, views }) => [
      ...pendingInStreams({ ledger: ledger(), logs: logs.messages, told, views }),
      ...(await heldDocuments(broker)),
      ...runningWorkloads(folder),
      ...(await site.unready()),
    ],
    deadLetters: async () => {
      const letters = createTail(broker, 'DEADLETTERS')
      await letters.read()
      return letters.messages.map(({ text }) => text)
    },
    redelivered: async () => await countRedelivered(broker),
  }
}

interface Tail {
  readonly messages: readonly StoredMessage[]
  read(): Promise<void>
}

function createTail({ jsm }: Broker, stream: string): Tail {
  const messages: StoredMessage[] = []
  let next = 1
  return {
    messages,
    read: async () => {
      const { state } = await jsm.streams.info(stream)
      for (; next <= state.last_seq; next += 1) {
        const message = await jsm.streams.getMessage(stream, { seq: next })
        if (message !== null)
          messages.push({ seq: next, subject: message.subject, text: new TextDecoder().decode(message.data) })
      }
    },
  }
}

function toLedgerMessage({ seq, subject, text }: StoredMessage): LedgerMessage {
  const read = readEvent(text)
  return { seq, subject, event: read.kind === 'event' ? read.event : undefined }
}

interface StreamState extends SeenElsewhere {
  readonly ledger: readonly LedgerMessage[]
  readonly logs: readonly StoredMessage[]
}

function pendingInStreams({ ledger, logs, told, views }: StreamState): readonly string[] {
  const heard = new Set(told)
  const closed = new Set(logs.filter(({ text }) => isClosing(text)).map(({ subject }) => subject))
  const shown = views.map((view) => new Map(view.map(({ attempt, phase }) => [attempt, phase])))
  return [
    ...readLedger(ledger).attempts.flatMap(({ name, submitted, started, finished }) => [
      ...(finished.length === 0 ? [`${name} has no end`] : []),
      ...(started.length > 0 && !closed.has(logSubject(submitted.event.data.attempt))
        ? [`the log of ${name} is not closed`]
        : []),
      ...(shown.every((view) => isTerminal(view.get(name) ?? 'Submitted'))
        ? []
        : [`a view does not show the end of ${name}`]),
    ]),
    ...ledger
      .filter(({ seq, subject }) => !subject.startsWith('workspace.') && !heard.has(seq))
      .map(({ seq, event }) => `${event?.type ?? 'event'} ${seq} is not told`),
  ]
}

function isClosing(text: string): boolean {
  return /^\{[^\n]*"closing":/.test(text)
}

async function heldDocuments(broker: Broker): Promise<readonly string[]> {
  const workspaces = await (await openDocuments(broker, 'workspaces', WorkspaceDocument)).list()
  const slots = await (await openDocuments(broker, 'slots', SlotDocument)).list()
  return [
    ...workspaces.flatMap(({ key, value: { grant, entries } }) => [
      ...(grant === null ? [] : [`workspace ${key} is granted to ${grant.name} (finished: ${grant.finished})`]),
      ...entries.map(({ name }) => `${name} waits for workspace ${key}`),
    ]),
    ...slots.map(({ key, value }) => `slot ${key} is held by ${value.name}`),
  ]
}

function runningWorkloads(folder: string): readonly string[] {
  const found = processesOf(folder).filter(({ submittedId }) => submittedId !== undefined)
  return found.map(
    (process) =>
      `${roleOf(process)} ${process.pid} of ${process.submittedId} runs: ${process.command.slice(0, 2).join(' ')}`,
  )
}

async function countRedelivered({ jsm }: Broker): Promise<number> {
  let count = 0
  for await (const { name, delivered } of jsm.consumers.list('TASKS')) {
    if (name === 'launcher' || name === 'notifier') count += Math.max(0, delivered.consumer_seq - delivered.stream_seq)
  }
  return count
}

/** What agents have written below this folder. */
export async function readMarks(agentsFolder: string): Promise<readonly AgentMark[]> {
  const text = await readFile(join(agentsFolder, 'marks'), 'utf8').catch(() => '')
  return text.split('\n').flatMap((line): AgentMark[] => {
    const [what, submittedId = '', service = '', pid = ''] = line.split(' ')
    return what === 'begin' || what === 'end' || what === 'overlap' ? [{ what, submittedId, service, pid }] : []
  })
}
