import { z } from 'zod'

/**
 * A field that JSON may leave out, as `z.exactOptional` has it. That one checks a field which is not there against its schema
 * and throws the faults away, which is most of the price of a body that leaves nearly everything out. This one does not look
 * at what is undefined, and in JSON nothing is that is there: not for values made in the process.
 */
export function mayBeLeftOut<S extends z.ZodType>(schema: S): z.ZodExactOptional<S> {
  const lenient: unknown = z.exactOptional(z.optional(schema))
  // The same to whoever reads JSON: only in types is a field that is undefined another one than a field that is not there.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return lenient as z.ZodExactOptional<S>
}
