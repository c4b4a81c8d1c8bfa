/** Old feature branches of earlier tasks: the last few stay, and nothing unpushed ever goes. Pure. */

export interface LocalBranch {
  readonly name: string
  readonly sha: string
  /** Commit date, seconds since 1970. */
  readonly committed: number
  /** The remote has, or once had, its last commit. */
  readonly isPushed: boolean
}

const KEPT_BRANCHES = 3
const FEATURE = /^feature\/.*-implementation[^/]*$/

export function branchesToPrune(branches: readonly LocalBranch[], current: string): readonly LocalBranch[] {
  return branches
    .filter(({ name }) => FEATURE.test(name))
    .toSorted((a, b) => b.committed - a.committed || (a.name < b.name ? -1 : 1))
    .slice(KEPT_BRANCHES)
    .filter(({ name, isPushed }) => name !== current && isPushed)
}
