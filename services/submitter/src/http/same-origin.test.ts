import { describe, expect, it } from 'vitest'
import { createOriginCheck } from './same-origin.ts'

const check = createOriginCheck({ host: '127.0.0.1', port: 7070, allowed: [] })

describe('createOriginCheck', () => {
  it.each([
    ['127.0.0.1:7070', undefined],
    ['localhost:7070', undefined],
    ['LOCALHOST:7070', 'http://localhost:7070'],
    ['[::1]:7070', 'http://[::1]:7070'],
  ])('lets pass host %s with origin %s', (host, origin) => {
    expect(() => check({ host, origin })).not.toThrow()
  })

  it.each([
    ['evil.example:7070', undefined],
    ['127.0.0.1', undefined],
    ['127.0.0.1:7071', undefined],
    ['127.0.0.1:7070.evil.example', undefined],
    [undefined, undefined],
    ['', undefined],
  ])('refuses host %s', (host, origin) => {
    expect(() => check({ host, origin })).toThrow(expect.objectContaining({ code: 'HOST_NOT_ALLOWED', status: 403 }))
  })

  it.each([
    'http://evil.example',
    'null',
    'https://127.0.0.1:7070',
    'http://127.0.0.1:7071',
    'http://localhost:7070',
    '',
  ])('refuses the origin "%s"', (origin) => {
    expect(() => check({ host: '127.0.0.1:7070', origin })).toThrow(
      expect.objectContaining({ code: 'ORIGIN_NOT_ALLOWED' }),
    )
  })

  it('lets other names pass that were allowed, also behind TLS', () => {
    const named = createOriginCheck({ host: '0.0.0.0', port: 7070, allowed: ['Tasks.example', 'proxy.example:8443'] })
    for (const host of ['tasks.example', 'tasks.example:7070', 'proxy.example:8443']) {
      expect(() => named({ host, origin: `https://${host}` })).not.toThrow()
      expect(() => named({ host, origin: 'https://evil.example' })).toThrow('evil.example')
    }
    expect(() => named({ host: 'tasks.example:8443', origin: undefined })).toThrow('tasks.example:8443')
  })

  it('knows that port 80 goes without saying', () => {
    expect(() =>
      createOriginCheck({ host: '::1', port: 80, allowed: [] })({ host: '[::1]', origin: 'http://[::1]' }),
    ).not.toThrow()
  })
})
