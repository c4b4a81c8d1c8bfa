/**
 * Names of attempts and workspaces. Decided once, at acceptance, stored in `task.submitted` and never recomputed.
 */
import { z } from 'zod'
import { shortHash } from '../core/index.ts'
import { type AgentName, type AttemptRef, DEFAULT_TAG, type ServiceName, taskKey } from './identity.ts'

/** A DNS label (RFC 1123), so that the name also serves as the name of a Kubernetes Job. */
export const ATTEMPT_NAME_MAX = 63

export const AttemptName = z
  .string()
  .max(ATTEMPT_NAME_MAX)
  .regex(
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
    'use the attempt name as it was answered, for example "trader-claude-agent-1-task1-attempt1"',
  )
export type AttemptName = z.infer<typeof AttemptName>

/**
 * `<service>-<agent>-task<id>-attempt<n>`, as people expect it, wherever that text leads back to the same attempt;
 * else (another tag than `master`, an ambiguous or too long head) the same with a hash of the identity at the end.
 *
 * @param hashLength characters of that hash; the submitter lengthens it in the rare case that a name is taken.
 */
export function attemptName(ref: AttemptRef, agent: AgentName, hashLength = 5): AttemptName {
  const tail = `-task${ref.taskId.replaceAll('.', '-')}-attempt${ref.n}`
  const head = `${ref.service}-${agent}`
  const plain = head + tail
  const readable = ref.tag === DEFAULT_TAG && leadsBack(head, ref.service, agent) && hashLength === 5
  if (readable && plain.length <= ATTEMPT_NAME_MAX) return plain
  const hash = `-${shortHash(`${taskKey(ref)}/${ref.n}/${agent}`, hashLength)}`
  return cutHead(ref.service, agent, ATTEMPT_NAME_MAX - tail.length - hash.length) + tail + hash
}

/** The one fixed reading of a head: the service ends before the first `-claude-`, else at the first hyphen. */
function leadsBack(head: string, service: string, agent: string): boolean {
  const marked = head.indexOf('-claude-')
  const end = marked > 0 ? marked : head.indexOf('-')
  return head.slice(0, end) === service && head.slice(end + 1) === agent
}

/** Cuts the agent first, then the service, to `room` characters. */
function cutHead(service: string, agent: string, room: number): string {
  const kept = service.slice(0, Math.max(1, room - 2))
  const rest = agent.slice(0, Math.max(1, room - kept.length - 1))
  return `${kept.replace(/-+$/, '')}-${rest}`.replace(/-+$/, '')
}

/** One workspace for each service: the volume that outlives its tasks. */
export function workspaceName(service: ServiceName): string {
  return `workspace-${service}`
}
