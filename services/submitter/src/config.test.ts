import { parseConfig } from '@orchestrator/shared/service'
import { describe, expect, it } from 'vitest'
import { SubmitterEnvironment } from './config.ts'

const parse = (environment: Record<string, string>): unknown =>
  parseConfig(SubmitterEnvironment, { VIEW_FILE: '/v', ...environment })

describe('SubmitterEnvironment', () => {
  it('listens on this machine alone', () => {
    expect(parse({})).toMatchObject({ HOST: '127.0.0.1', PORT: 7070, VIEW_FILE: '/v' })
  })

  it.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('takes the loopback address %s', (HOST) => {
    expect(parse({ HOST })).toMatchObject({ HOST })
  })

  it('listens beyond it where tokens are required', () => {
    expect(
      parse({ HOST: '0.0.0.0', REQUIRE_TOKENS: 'true', ALLOWED_HOSTS: 'a.example, b.example:8443' }),
    ).toMatchObject({
      HOST: '0.0.0.0',
      ALLOWED_HOSTS: ['a.example', 'b.example:8443'],
    })
    expect(() => parse({ REQUIRE_TOKENS: 'perhaps' })).toThrow(/REQUIRE_TOKENS="perhaps": use true or false/)
  })

  it.each(['0.0.0.0', '::', '192.168.1.1', 'example.com', '127.example.com', 'localhost.example.com'])(
    'refuses %s',
    (HOST) => {
      expect(() => parse({ HOST })).toThrow(
        /HOST=.*no tokens are required: set REQUIRE_TOKENS=true, or use 127\.0\.0\.1/,
      )
    },
  )

  it('needs a file for the view', () => {
    expect(() => parseConfig(SubmitterEnvironment, {})).toThrow('VIEW_FILE (not set)')
  })
})
