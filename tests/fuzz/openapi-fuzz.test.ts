import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { Agent } from 'node:http'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { promisify } from 'node:util'
import { Settings } from '@orchestrator/shared/contracts'
import { systemClock } from '@orchestrator/shared/core'
import { createLogger } from '@orchestrator/shared/service'
import { createSubmitterApp, type SubmitterApp } from '@orchestrator/submitter'
import { SubmitterEnvironment } from '@orchestrator/submitter/config'
import { startTestBroker, temporaryDirectory } from '@orchestrator/testing'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { type Asked, createDocumentCheck, faultOfServer, send } from './answers.ts'
import { ADMIN_TOKEN, createCallers, createNames, faultOfAccess } from './callers.ts'
import { AGENT, OpenApi, requestsOf } from './openapi-requests.ts'

const REQUESTS = 10_000
const AT_ONCE = 16
const CLI = join(import.meta.dirname, '../../packages/cli/src/main.ts')

/** `FUZZ_SEED` plays a run again. */
const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31)

/** What a terminal obeys, and what ends a line of JSON or of a stream. */
// oxlint-disable-next-line eslint/no-control-regex -- These are what it is for.
const OBEYED = /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/

interface Fuzzed extends AsyncDisposable {
  readonly app: SubmitterApp
  readonly tokenFile: string
  readonly logged: () => string
  readonly get: (path: string) => Promise<Response>
  readonly expire: () => void
}

async function startFuzzed(): Promise<Fuzzed> {
  await using stack = new AsyncDisposableStack()
  const broker = stack.use(await startTestBroker())
  const tokenFile = join(stack.use(await temporaryDirectory()).path, 'admin.token')
  await writeFile(tokenFile, `${ADMIN_TOKEN}\n`)
  let leadMs = 0
  const clock = { ...systemClock, now: () => new Date(Date.now() + leadMs) }
  let log = ''
  const destination = new Writable({ write: (chunk, _, done) => ((log += String(chunk)), done()) })
  const config = SubmitterEnvironment.parse({
    NATS_URL: broker.url,
    NATS_REPLICAS: 1,
    PORT: 0,
    VIEW_FILE: ':memory:',
    REQUIRE_TOKENS: 'true',
    ADMIN_TOKEN_FILE: tokenFile,
    TOKEN_REQUESTS_PER_SECOND: 100_000,
  })
  const settings = Settings.parse({ agents: { [AGENT]: { adapter: 'command', command: ['true'] } } })
  const logger = createLogger({ name: 'submitter', level: 'trace', destination })
  const app = stack.use(await createSubmitterApp({ config, settings, logger, clock }))
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
  const get = async (path: string): Promise<Response> => await fetch(new URL(path, app.url), { headers })
  await vi.waitFor(async () => expect((await get('/readyz')).status).toBe(200), { timeout: 15_000, interval: 20 })
  const owned = stack.move()
  return {
    app,
    tokenFile,
    get,
    logged: () => log,
    expire: () => (leadMs = 7_200_000),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** All that was accepted, as a reader of the stream gets it, raw. */
async function readStream({ get }: Fuzzed, events: number): Promise<string> {
  const response = await get('/v1/events?fromSequence=1')
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    // The first says where it begins; each ends with an empty line.
    if (text.endsWith('\n\n') && text.split('\nevent: ').length > events) break
  }
  return text
}

describe('requests made from the OpenAPI document', () => {
  it(
    `are answered as it says, ${REQUESTS} of them, whoever sends them and whatever is in them`,
    { timeout: 240_000 },
    async () => {
      await using fuzzed = await startFuzzed()
      const { app, get } = fuzzed
      const document = OpenApi.parse(await (await get('/openapi.json')).json())
      const check = createDocumentCheck(document)
      const callers = await createCallers({ url: app.url, expire: fuzzed.expire })
      const asked: fc.Arbitrary<Asked> = fc.record({
        request: requestsOf(document),
        caller: callers,
        names: createNames(app.url),
      })
      const all = fc.sample(asked, { seed, numRuns: REQUESTS })
      const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })
      const wrong: string[] = []
      const statuses: Record<string, Record<string, number>> = {}
      const accepted = new Set<string>()
      const worker = async (first: number): Promise<void> => {
        for (const one of all.filter((_, at) => at % AT_ONCE === first)) {
          try {
            const answer = await send(agent, app.url, one)
            const counts = (statuses[one.caller.kind] ??= {})
            counts[answer.status] = (counts[answer.status] ?? 0) + 1
            const problem =
              faultOfServer(one.request, answer) ??
              faultOfAccess(one.request, one, answer) ??
              check(one.request, answer)
            if (problem !== undefined) wrong.push(`${JSON.stringify(one).slice(0, 700)}: ${problem}`)
            const name = /^\{"task":.*?"attempt":"([^"]+)"/.exec(answer.body)?.[1]
            if (name !== undefined) accepted.add(name)
          } catch (error) {
            wrong.push(`${JSON.stringify(one).slice(0, 700)}: ${String(error)}`)
          }
        }
      }
      await Promise.all(Array.from({ length: AT_ONCE }, (_, first) => worker(first)))
      agent.destroy()
      process.stdout.write(`${REQUESTS} requests, FUZZ_SEED=${seed}: ${JSON.stringify(statuses)}\n`)
      expect(wrong.slice(0, 5), `FUZZ_SEED=${seed} plays it again; ${wrong.length} were wrong`).toEqual([])
      expect(accepted.size).toBeGreaterThan(20)
      for (const name of accepted) expect(await (await get(`/v1/attempts/${name}`)).json()).toMatchObject({ name })
      await expectNothingObeyed(fuzzed, accepted)
    },
  )
})

/** What requests held reaches readers as text alone. */
async function expectNothingObeyed(fuzzed: Fuzzed, accepted: ReadonlySet<string>): Promise<void> {
  const lines = fuzzed
    .logged()
    .split('\n')
    .filter((line) => line !== '')
  expect(lines.length).toBeGreaterThan(accepted.size)
  for (const line of lines) expect(JSON.parse(line)).toMatchObject({ name: 'submitter' })
  expect(lines.filter((line) => OBEYED.test(line))).toEqual([])

  const stream = await readStream(fuzzed, accepted.size)
  const foreign = stream
    .split('\n')
    .filter((line) => !/^(?:id: \d+-\d+|event: (?:task|attempt)\.\w+|data: \{.*\}|retry: \d+|:.*|)$/.test(line))
  expect(foreign).toEqual([])
  expect(stream).toContain(String.raw`fuzz\u001b]0;fuzz\u0007\r\nX-Fuzz`)

  const [some = ''] = accepted
  for (const args of [
    ['task', 'list', '--limit', '200'],
    ['task', 'list', '--limit', '200', '-o', 'json'],
    ['tokens', 'list'],
    ['deadletters', 'list'],
    ...[...accepted].slice(0, 5).map((name) => ['task', 'status', name]),
    ['task', 'logs', some],
  ]) {
    const flags = ['--server', fuzzed.app.url, '--token-file', fuzzed.tokenFile]
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [CLI, ...args, ...flags], { env: {} })
    expect({ args, obeyed: OBEYED.exec(stdout + stderr) }).toEqual({ args, obeyed: null })
  }
}
