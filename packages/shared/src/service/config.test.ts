import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { brokerEnvironment, commonEnvironment, parseConfig } from './config.ts'

const schema = z.object({ ...brokerEnvironment, ...commonEnvironment, STATE_DIR: z.string() })

describe('parseConfig', () => {
  it('fills in defaults and takes an empty variable as not set', () => {
    expect(
      parseConfig(schema, { STATE_DIR: '/state', LOG_LEVEL: '', NATS_URL: 'nats://a:1, nats://b:2', OTHER: 'x' }),
    ).toMatchObject({
      STATE_DIR: '/state',
      LOG_LEVEL: 'info',
      NATS_URL: ['nats://a:1', 'nats://b:2'],
      NATS_REPLICAS: 1,
    })
  })

  it('names every fault at once, with the value', () => {
    const parse = (): unknown => parseConfig(schema, { LOG_LEVEL: 'loud', NATS_REPLICAS: '2' })
    expect(parse).toThrow(/LOG_LEVEL="loud": .*\n.*NATS_REPLICAS="2"|NATS_REPLICAS="2": .*\n.*LOG_LEVEL="loud"/)
    expect(parse).toThrow(/STATE_DIR \(not set\)/)
  })
})
