/** What a broker says of itself. */
import { connect } from '@nats-io/transport-node'
import { z } from 'zod'
import { raceAbort } from '../../core/index.ts'
import { type Credentials, SYSTEM_USER } from './embedded-config.ts'

const ANSWER_LIMIT_MS = 2000
const Health = z.object({ data: z.object({ status: z.string(), error: z.string().optional() }) })

/**
 * Asks a broker of our own whether it can still write: since 2.14 a stream whose write has failed takes nothing more
 * until the broker is started again, and answers no publish. Older ones refuse while the disk is full and then go on.
 * @returns what is wrong; `undefined` when nothing is, or when it does not say
 */
export async function readWriteProblem(
  { url, password }: Pick<Credentials, 'password'> & { readonly url: string },
  signal: AbortSignal,
): Promise<string | undefined> {
  const options = { servers: url, user: SYSTEM_USER, pass: password, reconnect: false, timeout: ANSWER_LIMIT_MS }
  const nc = await raceAbort(connect(options), signal)
  try {
    const subject = `$SYS.REQ.SERVER.${nc.info?.server_id ?? ''}.HEALTHZ`
    const answer = await raceAbort(nc.request(subject, '{}', { timeout: ANSWER_LIMIT_MS }), signal)
    const { data } = Health.safeParse(answer.json())
    const error = data?.data.error
    return error !== undefined && error.includes('write error') ? error : undefined
  } finally {
    await nc.close()
  }
}
