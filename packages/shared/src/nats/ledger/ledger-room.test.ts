import { describe, expect, it } from 'vitest'
import { ledgerRoom } from './ledger-room.ts'

const use = { usedBytes: 400, ledgerMaxBytes: 1000, replicas: 1, accountLimit: -1, accountUsed: 0 }

describe('ledgerRoom', () => {
  it.each([
    ['the share alone bounds it without an account limit', {}, 600],
    ['an account limit of 0 is none', { accountLimit: 0, accountUsed: 900 }, 600],
    ['the account bounds it when others have taken its room', { accountLimit: 2000, accountUsed: 1900 }, 100],
    ['every replica takes its part of the account', { accountLimit: 3000, accountUsed: 2400, replicas: 3 }, 200],
    ['it never falls below zero', { usedBytes: 5000 }, 0],
  ])('%s', (_title, changes, freeBytes) => {
    expect(ledgerRoom({ ...use, ...changes })).toEqual({ freeBytes, freeShare: freeBytes / 1000 })
  })
})
