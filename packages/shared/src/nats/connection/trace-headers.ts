/** The trace context of an event travels in the headers of its message; without a tracer there is none. */
import { headers, type MsgHdrs } from '@nats-io/nats-core'
import { context, propagation } from '@opentelemetry/api'

export function traceHeaders(): MsgHdrs {
  const carrier = headers()
  propagation.inject(context.active(), carrier, { set: (to, key, value) => to.set(key, value) })
  return carrier
}

/** Runs the work as a part of the trace that the message came from. */
export function inTraceOf<T>(carrier: MsgHdrs | undefined, work: () => T): T {
  if (carrier === undefined) return work()
  const extracted = propagation.extract(context.active(), carrier, {
    keys: (from) => [...from.keys()],
    get: (from, key) => from.get(key) || undefined,
  })
  return context.with(extracted, work)
}
