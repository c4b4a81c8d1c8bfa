/** A Bloom filter: it may say "perhaps" of a hash that was never noted, but never "no" of one that was. */
export interface HashFilter {
  note(hash: number): void
  mayHold(hash: number): boolean
}

/** 4 MiB, so that it does not grow. With 400,000 texts one in 2,000 others passes, with four million one in 30. */
const BITS = 2 ** 25
const BITS_OF_A_WORD = 32
const PROBES = 3

export function createHashFilter(): HashFilter {
  const words = new Uint32Array(BITS / BITS_OF_A_WORD)
  return {
    note: (hash) => {
      const step = stepOf(hash)
      for (let probe = 0, bit = hash; probe < PROBES; probe += 1, bit = (bit + step) | 0) {
        const word = wordOf(bit)
        words[word] = (words[word] ?? 0) | maskOf(bit)
      }
    },
    mayHold: (hash) => {
      const step = stepOf(hash)
      for (let probe = 0, bit = hash; probe < PROBES; probe += 1, bit = (bit + step) | 0) {
        if (((words[wordOf(bit)] ?? 0) & maskOf(bit)) === 0) return false
      }
      return true
    },
  }
}

function wordOf(bit: number): number {
  return (bit & (BITS - 1)) >>> 5
}

function maskOf(bit: number): number {
  return 1 << (bit & 31)
}

/** From one bit to the next, so that one hash gives them all. */
function stepOf(hash: number): number {
  return Math.imul(hash ^ (hash >>> 15), 0x27d4eb2d) | 1
}
