/** Which commit the attempt's branch starts from. Pure: retry or new task is never guessed from what is checked out. */
import { assertNever } from '@orchestrator/shared/core'

export interface BranchFacts {
  readonly local: string | undefined
  readonly remote: string | undefined
  /** Where the remote's branch stood when an attempt last took it over or pushed it. */
  readonly seen: string | undefined
  /** Head of the base branch at the remote. */
  readonly base: string
  /** How `local` stands to `remote`; only looked at when both are there. */
  readonly relation: 'equal' | 'ahead' | 'behind' | 'diverged'
  /** False when the remote's branch no longer contains what was seen: somebody rewrote it. */
  readonly remoteKeepsSeen: boolean
}

export type BranchDecision =
  | { readonly kind: 'create' | 'fromRemote' | 'keep' | 'fastForward'; readonly sha: string; readonly note?: string }
  | { readonly kind: 'conflict'; readonly local: string; readonly remote: string; readonly why: string }

export function decideBranch(facts: BranchFacts): BranchDecision {
  const { local, remote, base } = facts
  if (local === undefined)
    return remote === undefined ? { kind: 'create', sha: base } : { kind: 'fromRemote', sha: remote }
  if (remote === undefined) return keepWithoutRemote(local, facts.seen)
  switch (facts.relation) {
    case 'equal':
      return { kind: 'keep', sha: local }
    case 'behind':
      return { kind: 'fastForward', sha: remote, note: 'commits that were added at the remote are taken over' }
    case 'ahead':
      if (facts.remoteKeepsSeen) return { kind: 'keep', sha: local }
      return {
        kind: 'conflict',
        local,
        remote,
        why: 'the branch was set back at the remote, while the workspace still has the commits that were taken off',
      }
    case 'diverged':
      return decideDiverged(local, remote, facts)
    default:
      return assertNever(facts.relation, 'relation')
  }
}

function keepWithoutRemote(local: string, seen: string | undefined): BranchDecision {
  const note =
    seen === undefined
      ? {}
      : { note: 'the branch was deleted at the remote: the commits of the workspace are kept and pushed again' }
  return { kind: 'keep', sha: local, ...note }
}

function decideDiverged(local: string, remote: string, { seen, remoteKeepsSeen }: BranchFacts): BranchDecision {
  if (remote === seen)
    return {
      kind: 'keep',
      sha: local,
      note: 'the branch was rewritten in the workspace and is unchanged at the remote',
    }
  const why = remoteKeepsSeen
    ? 'both the workspace and the remote have commits that the other does not have'
    : 'the branch was rewritten at the remote'
  return { kind: 'conflict', local, remote, why }
}
