/** Hashes of what submits search by: in an index numbers are a fifth of the size of such texts, and cheaper to compare. */
import type { TaskRef } from '@orchestrator/shared/contracts'

/** Any four numbers: the same text may be there as one and not as another. */
const KEY = 0x9e3779b1
const TASK = 0x85ebca77
const BRANCH = 0xc2b2ae3d
const NAME = 0x27d4eb2f

export function hashOfKey(idempotencyKey: string): number {
  return hashOn(KEY, idempotencyKey)
}

export function hashOfTask({ service, tag, taskId }: TaskRef): number {
  return hashOn(hashOn(hashOn(TASK, service), tag), taskId)
}

/** @param repository its normalised URL */
export function hashOfBranch(repository: string, branch: string): number {
  return hashOn(hashOn(BRANCH, repository), branch)
}

export function hashOfName(name: string): number {
  return hashOn(NAME, name)
}

/**
 * 32 bits of a text after what was hashed before it, mixed as MurmurHash does. Two texts may have the same: whoever finds
 * something by its hash compares the text.
 */
function hashOn(before: number, text: string): number {
  let hash = before
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x5bd1e995) ^ (hash >>> 15)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
