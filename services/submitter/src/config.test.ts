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

  it.each(['0.0.0.0', '::', '192.168.1.1', 'example.com', '127.example.com', 'localhost.example.com'])(
    'refuses %s',
    (HOST) => {
      expect(() => parse({ HOST })).toThrow(/HOST=.*no access tokens yet: use 127\.0\.0\.1/)
    },
  )

  it('needs a file for the view', () => {
    expect(() => parseConfig(SubmitterEnvironment, {})).toThrow('VIEW_FILE (not set)')
  })
})
