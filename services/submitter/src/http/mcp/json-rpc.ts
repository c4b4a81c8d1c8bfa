/** JSON-RPC as far as the API document shows it; what the messages mean is the protocol's, and checked there. */
import { z } from 'zod'

const Id = z.union([z.string(), z.number()])

/** One message: what older clients could send in one array would be many calls for the price of one. */
export const McpMessage = z.looseObject({
  jsonrpc: z.enum(['2.0']),
  id: z.exactOptional(Id),
  method: z.exactOptional(z.string()),
  params: z.exactOptional(z.record(z.string(), z.unknown())),
})
export type McpMessage = z.infer<typeof McpMessage>

export const McpAnswer = z.looseObject({
  jsonrpc: z.enum(['2.0']),
  id: z.exactOptional(Id.nullable()),
  result: z.exactOptional(z.record(z.string(), z.unknown())),
  error: z.exactOptional(z.looseObject({ code: z.int(), message: z.string() })),
})
