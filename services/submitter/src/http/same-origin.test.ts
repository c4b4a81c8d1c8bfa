import { describe, expect, it } from 'vitest'
import { createOriginCheck } from './same-origin.ts'

const check = createOriginCheck({ host: '127.0.0.1', port: 7070 })

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

  it('knows that port 80 goes without saying', () => {
    expect(() => createOriginCheck({ host: '::1', port: 80 })({ host: '[::1]', origin: 'http://[::1]' })).not.toThrow()
  })
})
