/** Attempts from submit to told, so many at once. */
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { OrchestratorEvent, SubmitAnswer, type SubmitInput } from '@orchestrator/shared/contracts'

export interface Ends extends AsyncDisposable {
  /** Of a webhook that hears of the end of attempts. */
  readonly url: string
  /** Phases and how many ended so. */
  readonly phases: ReadonlyMap<string, number>
  /** Resolves once the end of this attempt was told. @throws when it is not in time */
  untilEnded(attempt: string): Promise<void>
}

const PATIENCE_MS = 180_000

export async function listenForEnds(): Promise<Ends> {
  const phases = new Map<string, number>()
  const ended = new Set<string>()
  const waiting = new Map<string, () => void>()
  const receive = async (request: IncomingMessage): Promise<void> => {
    const event = OrchestratorEvent.parse(JSON.parse(await text(request)))
    if (event.type !== 'attempt.finished') return
    const { name, phase, reason } = event.data
    phases.set(`${phase} ${reason}`, (phases.get(`${phase} ${reason}`) ?? 0) + 1)
    const resolve = waiting.get(name)
    if (resolve === undefined) ended.add(name)
    else resolve()
  }
  const server = createServer((request, response) => {
    receive(request).then(
      () => response.writeHead(204).end(),
      () => response.destroy(),
    )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`,
    phases,
    untilEnded: async (name) => {
      if (ended.delete(name)) return
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const timer = setTimeout(() => reject(new Error(`the end of ${name} was not told`)), PATIENCE_MS)
      waiting.set(name, resolve)
      await promise.finally(() => waiting.delete(name))
      clearTimeout(timer)
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

export interface Attempts {
  readonly port: number
  readonly ends: Pick<Ends, 'untilEnded'>
  readonly atOnce: number
  readonly taskOf: (i: number) => SubmitInput
}

/** The attempts from number `from` on; resolves once the end of each was told. */
export async function runAttempts(
  { port, ends, atOnce, taskOf }: Attempts,
  { from, count }: { readonly from: number; readonly count: number },
): Promise<void> {
  const numbers = Array.from({ length: count }, (_, i) => from + i).values()
  const runSome = async (): Promise<void> => {
    for (const i of numbers) await ends.untilEnded(await submit(port, taskOf(i)))
  }
  await Promise.all(Array.from({ length: Math.min(count, atOnce) }, runSome))
}

async function submit(port: number, task: SubmitInput): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/v1/tasks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(task),
  })
  const answer = await response.text()
  if (response.status !== 202) throw new Error(`a submit was answered ${response.status}: ${answer}`)
  return SubmitAnswer.parse(JSON.parse(answer)).attempt
}
