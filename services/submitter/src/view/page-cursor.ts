import { TerminalError } from '@orchestrator/shared/core'

/** Where the next page of a list begins: clients hand it back as it is. */
export function encodePageCursor(beforeSeq: number): string {
  return Buffer.from(`before:${beforeSeq}`).toString('base64url')
}

/** @throws TerminalError CURSOR_INVALID */
export function decodePageCursor(cursor: string): number {
  const text = Buffer.from(cursor, 'base64url').toString()
  const seq = Number(/^before:([1-9]\d{0,15})$/.exec(text)?.[1])
  if (Number.isSafeInteger(seq) && encodePageCursor(seq) === cursor) return seq
  throw new TerminalError('CURSOR_INVALID', 'the cursor is none of ours: use "next" of the page before, unchanged')
}
