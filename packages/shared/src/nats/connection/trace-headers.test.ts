import { headers } from '@nats-io/nats-core'
import { context, createContextKey, propagation } from '@opentelemetry/api'
import { afterEach, describe, expect, it } from 'vitest'
import { inTraceOf, traceHeaders } from './trace-headers.ts'

const KEY = createContextKey('trace')
afterEach(() => propagation.disable())

describe('trace headers', () => {
  it('are empty without a tracer, and the work runs as it is', () => {
    expect([...traceHeaders().keys()]).toEqual([])
    expect(inTraceOf(headers(), () => 5)).toBe(5)
    expect(inTraceOf(undefined, () => 6)).toBe(6)
  })

  it('carry what the propagator writes, and give it back to the propagator that reads', () => {
    const extracted: unknown[] = []
    propagation.setGlobalPropagator({
      fields: () => ['traceparent'],
      inject: (_context, carrier, setter) => setter.set(carrier, 'traceparent', '00-1-2-01'),
      extract: (active, carrier, getter) => {
        extracted.push(getter.get(carrier, 'traceparent'), getter.get(carrier, 'absent'))
        return active.setValue(KEY, 1)
      },
    })
    const carrier = traceHeaders()
    expect(carrier.get('traceparent')).toBe('00-1-2-01')
    inTraceOf(carrier, () => context.active())
    expect(extracted).toEqual(['00-1-2-01', undefined])
  })
})
