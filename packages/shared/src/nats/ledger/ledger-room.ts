export interface LedgerUse {
  /** Bytes that the stream holds at one replica. */
  readonly usedBytes: number
  readonly ledgerMaxBytes: number
  readonly replicas: number
  /** Of the account, over all streams and replicas; negative or 0 for no limit. */
  readonly accountLimit: number
  readonly accountUsed: number
}

/** What is free of the ledger's share: bounded by the share, and by what the account as a whole has left. */
export function ledgerRoom(use: LedgerUse): { readonly freeBytes: number; readonly freeShare: number } {
  const ofShare = use.ledgerMaxBytes - use.usedBytes
  const ofAccount = use.accountLimit > 0 ? (use.accountLimit - use.accountUsed) / use.replicas : ofShare
  const freeBytes = Math.max(0, Math.floor(Math.min(ofShare, ofAccount)))
  return { freeBytes, freeShare: use.ledgerMaxBytes > 0 ? freeBytes / use.ledgerMaxBytes : 0 }
}
