import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { WebhookSettings } from '@orchestrator/shared/contracts'
import { systemClock } from '@orchestrator/shared/core'
import { startWebhookSink } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { createFakeLedger, submitted, TASK } from '../testing/fakes.ts'
import type { Channel, Told } from './port.ts'
import { createWebhookChannel, type WebhookChannel } from './webhook.ts'

const SECRET = `whsec_${Buffer.from('a secret of twenty-four b').toString('base64')}`
const OTHER_SECRET = `whsec_${Buffer.from('another secret of 24 byte').toString('base64')}`
const HOSTILE = 'a"b\\c\n\u0000\u001b[31m\u202Eé😀\ud800 </script> ${HOME} `id` {{x}} %s'

const channel = (settings: Omit<WebhookSettings, 'name' | 'concurrency'>, timeoutMs = 5_000): WebhookChannel =>
  createWebhookChannel({ settings: { name: 'hook', ...settings }, timeoutMs, clock: systemClock })

const tell = async (hook: Channel, guidance?: string, signal = new AbortController().signal): Promise<Told> => {
  const stored = createFakeLedger().add(TASK, 1, submitted(TASK, 1, guidance))
  return await hook.tell({ task: TASK, events: [stored] }, signal)
}

async function secretFile(secret: string): Promise<AsyncDisposable & { readonly path: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'secret-'))
  const path = join(directory, 'secret')
  await writeFile(path, `${secret}\n`)
  return { path, [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) }
}

async function listen(server: Server): Promise<AsyncDisposable & { readonly url: string }> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const close = async (): Promise<void> => {
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
  return { url: `http://127.0.0.1:${port}/`, [Symbol.asyncDispose]: close }
}

describe('the webhook channel', () => {
  it('sends the event as a structured CloudEvent with its sequence', async () => {
    await using sink = await startWebhookSink()
    expect(await tell(channel({ url: sink.url }))).toBe('delivered')
    const [request] = sink.received
    expect(request?.headers).toMatchObject({
      'content-type': 'application/cloudevents+json; charset=utf-8',
      'webhook-id': 'submitted-trader-1-1',
      'webhook-timestamp': expect.stringMatching(/^\d{10}$/),
    })
    expect(request?.headers).not.toHaveProperty('webhook-signature')
    expect(request?.body).toEqual({ ...submitted(TASK, 1), sequence: '00000000000000000001' })
  })

  it('signs with the secret that the file holds at that moment', async () => {
    await using sink = await startWebhookSink({ secret: SECRET })
    await using file = await secretFile(OTHER_SECRET)
    const hook = channel({ url: sink.url, secretFile: file.path })
    await tell(hook)
    await writeFile(file.path, SECRET)
    await tell(hook)
    expect(sink.received.map(({ verified }) => verified)).toEqual([false, true])
  })

  it('hands hostile text on as it is', async () => {
    await using sink = await startWebhookSink({ secret: SECRET })
    await using file = await secretFile(SECRET)
    await tell(channel({ url: sink.url, secretFile: file.path }), HOSTILE)
    expect(sink.received[0]).toMatchObject({
      verified: true,
      body: { data: { attempt: { prompt: { guidance: HOSTILE } } } },
    })
  })

  it.each([
    ['missing', undefined],
    ['empty', ''],
    ['not a secret', '%%%'],
  ])('sends nothing while the secret is %s, and does not show it', async (_case, secret) => {
    await using sink = await startWebhookSink()
    await using file = await secretFile(secret ?? '')
    const path = secret === undefined ? `${file.path}-missing` : file.path
    const told = await tell(channel({ url: sink.url, secretFile: path }))
    expect(told).toEqual({ unavailable: 'the secret file is missing or holds no whsec_ secret' })
    expect(sink.received).toEqual([])
  })

  it('refuses redirects', async () => {
    await using other = await startWebhookSink()
    await using sink = await startWebhookSink({
      respond: () => ({ status: 307, headers: { location: other.url } }),
    })
    expect(await tell(channel({ url: sink.url }))).toEqual({
      unavailable: 'answered 307: redirects are refused',
    })
    expect(other.received).toEqual([])
  })

  it('passes on when the sink wants to be asked again', async () => {
    await using sink = await startWebhookSink({
      respond: () => ({ status: 429, headers: { 'retry-after': '3' } }),
    })
    expect(await tell(channel({ url: sink.url }))).toEqual({
      unavailable: 'answered 429',
      retryAfterMs: 3_000,
    })
  })

  it('gives up on a sink that does not answer', async () => {
    await using sink = await startWebhookSink({ respond: () => 'hang' })
    expect(await tell(channel({ url: sink.url }, 100))).toEqual({ unavailable: 'no answer in time' })
  })

  it('ends a call under way when it is told to', async () => {
    await using sink = await startWebhookSink({ respond: () => 'hang' })
    const stop = new AbortController()
    const telling = tell(channel({ url: sink.url }), undefined, stop.signal)
    await expect.poll(() => sink.received.length).toBe(1)
    stop.abort()
    expect(await telling).toEqual({ unavailable: 'interrupted' })
  })

  it('names the cause of a broken connection, and never the address', async () => {
    await using sink = await startWebhookSink({ respond: () => 'reset' })
    expect(await tell(channel({ url: sink.url }))).toEqual({ unavailable: 'the request failed (ECONNRESET)' })
    await sink[Symbol.asyncDispose]()
    expect(await tell(channel({ url: sink.url }))).toEqual({
      unavailable: 'the request failed (ECONNREFUSED)',
    })
  })

  it('hangs up on an answer without end, which counts all the same', async () => {
    const hungUp = Promise.withResolvers<void>()
    const server = createServer((request, response) => {
      response.once('close', hungUp.resolve)
      const endless = Readable.from(Array.from({ length: 1_000 }, () => Buffer.alloc(64 * 1024)))
      request.resume().once('end', () => endless.pipe(response))
    })
    await using address = await listen(server)
    expect(await tell(channel({ url: address.url }))).toBe('delivered')
    await hungUp.promise
  })

  it.each([
    [
      'breaks off',
      (response: ServerResponse) =>
        response.writeHead(200, { 'content-length': '9' }).write('x', () => response.destroy()),
    ],
    ['never ends', (response: ServerResponse) => response.writeHead(200, { 'content-length': '9' }).write('x')],
  ])('takes the status of an answer that %s', async (_case, begin) => {
    const server = createServer((request, response) => request.resume().once('end', () => begin(response)))
    await using address = await listen(server)
    expect(await tell(channel({ url: address.url }, 200))).toBe('delivered')
  })

  it('keeps its connection from call to call, until it is disposed', async () => {
    let open = 0
    let opened = 0
    const server = createServer((request, response) => request.resume().once('end', () => response.end('thanks')))
    server.on('connection', (socket) => {
      open += 1
      opened += 1
      socket.once('close', () => (open -= 1))
    })
    await using address = await listen(server)
    const hook = channel({ url: address.url })
    for (let i = 0; i < 5; i += 1) expect(await tell(hook)).toBe('delivered')
    expect([opened, open]).toEqual([1, 1])
    hook[Symbol.dispose]()
    await expect.poll(() => open).toBe(0)
  })

  it('speaks TLS where the address says so, and never plain text instead', async () => {
    let heard = 0
    await using address = await listen(createServer(() => (heard += 1)))
    const told = await tell(channel({ url: address.url.replace('http:', 'https:') }))
    expect(told).toEqual({ unavailable: expect.stringMatching(/^the request failed \((EPROTO|ERR_SSL_[A-Z_]+)\)$/) })
    expect(heard).toBe(0)
  })

  it('rejects an event whose id does not fit into a header', async () => {
    await using sink = await startWebhookSink()
    const stored = createFakeLedger().add(TASK, 1, { ...submitted(TASK, 1), id: 'a\r\nx: y' })
    const told = await channel({ url: sink.url }).tell({ task: TASK, events: [stored] }, new AbortController().signal)
    expect(told).toEqual({ rejected: 'the event id does not fit into a header' })
    expect(sink.received).toEqual([])
  })
})
