import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startTcpFaultProxy, type TcpFaultProxy } from './tcp-faults.ts'

/** A server that says back what it hears, with a count of what it heard. */
async function startEcho(): Promise<{ url: string; heard: () => string } & AsyncDisposable> {
  let heard = ''
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => {
      heard += bytes.toString()
      socket.write(bytes)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `tcp://127.0.0.1:${port}`,
    heard: () => heard,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

interface Client extends Disposable {
  readonly say: (text: string) => void
  readonly heard: () => string
  readonly state: () => 'open' | 'ended' | 'closed'
}

async function connectTo({ port }: TcpFaultProxy): Promise<Client> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  let heard = ''
  let state: 'open' | 'ended' | 'closed' = 'open'
  socket.on('data', (bytes) => (heard += bytes.toString()))
  socket.on('error', () => undefined)
  socket.on('end', () => (state = 'ended'))
  socket.on('close', () => (state = 'closed'))
  await once(socket, 'connect')
  return {
    say: (text) => void socket.write(text),
    heard: () => heard,
    state: () => state,
    [Symbol.dispose]: () => socket.destroy(),
  }
}

describe('startTcpFaultProxy', () => {
  let stack: AsyncDisposableStack
  let echo: Awaited<ReturnType<typeof startEcho>>
  let proxy: TcpFaultProxy
  let client: Client

  const open = async (): Promise<Client> => stack.use(await connectTo(proxy))

  beforeEach(async () => {
    stack = new AsyncDisposableStack()
    echo = stack.use(await startEcho())
    proxy = stack.use(await startTcpFaultProxy(echo.url, { slowMs: 60 }))
    client = await open()
    client.say('one ')
    await expect.poll(client.heard).toBe('one ')
  })

  afterEach(async () => stack.disposeAsync())

  it('resets what is open when it cuts, and lets new connections pass', async () => {
    proxy.inflict('cut')
    await expect.poll(client.state).toBe('closed')
    const next = await open()
    next.say('two')
    await expect.poll(next.heard).toBe('two')
  })

  it('closes one half only, and the other one still speaks', async () => {
    proxy.inflict('halfClose')
    await expect.poll(client.state).toBe('ended')
    client.say('two')
    await expect.poll(echo.heard).toBe('one two')
    expect(client.heard()).toBe('one ')
  })

  it('delays every piece while it is slow, in order', async () => {
    proxy.inflict('slow')
    const before = performance.now()
    client.say('two ')
    client.say('three ')
    await expect.poll(client.heard).toBe('one two three ')
    expect(performance.now() - before).toBeGreaterThan(100)
    proxy.heal()
    client.say('four')
    await expect.poll(client.heard).toBe('one two three four')
    expect(client.state()).toBe('open')
  })

  it('loses the answers, and resets that connection when it is healed', async () => {
    proxy.inflict('loseAnswers')
    client.say('two')
    await expect.poll(echo.heard).toBe('one two')
    proxy.heal()
    await expect.poll(client.state).toBe('closed')
    expect(client.heard()).toBe('one ')
  })

  it('loses everything without a word, and spares connections that said nothing meanwhile', async () => {
    const silent = await open()
    proxy.inflict('loseAll')
    client.say('two')
    const fresh = await open()
    fresh.say('three')
    expect([client.state(), fresh.state()]).toEqual(['open', 'open'])
    await expect.poll(() => proxy.lostBytes).toBe('twothree'.length)
    proxy.heal()
    await expect.poll(client.state).toBe('closed')
    await expect.poll(fresh.state).toBe('closed')
    silent.say('four')
    await expect.poll(silent.heard).toBe('four')
    expect(echo.heard()).toBe('one four')
  })

  it('refuses connections until it is healed', async () => {
    proxy.inflict('refuse')
    await expect.poll(client.state).toBe('closed')
    const refused = connect({ port: proxy.port, host: '127.0.0.1' }).on('error', () => undefined)
    await expect.poll(() => refused.closed).toBe(true)
    proxy.heal()
    const next = await open()
    next.say('two')
    await expect.poll(next.heard).toBe('two')
  })
})
