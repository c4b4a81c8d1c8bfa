/** Events that wait a moment for a call under way to end, first come first served: told at once they need no mark before. */
export interface Door {
  /** Settles when it is this one's turn, and at the latest when the time is over: whether there is room is another question. */
  turn(patienceMs: number): Promise<void>
  /** There is room. @returns false when nobody waits */
  next(): boolean
}

/** @param places more than these do not wait: they are marked, as is everything that waits for long */
export function createDoor(places: number): Door {
  const waiting = new Set<() => void>()
  return {
    turn: async (patienceMs) => {
      if (waiting.size >= places) return
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, patienceMs)
      waiting.add(resolve)
      await promise
      waiting.delete(resolve)
      clearTimeout(timer)
    },
    next: () => {
      const [first] = waiting
      if (first === undefined) return false
      waiting.delete(first)
      first()
      return true
    },
  }
}

export interface Turns {
  readonly door: Pick<Door, 'next'>
  readonly hasRoom: () => boolean
  readonly startMarked: () => void
}

/** For when there is room: what was marked and what waits at the door take turns, for neither may starve the other. */
export function takingTurns({ door, hasRoom, startMarked }: Turns): () => void {
  let doorFirst = false
  return () => {
    doorFirst = !doorFirst
    if (doorFirst && hasRoom() && door.next()) return
    startMarked()
    if (hasRoom()) door.next()
  }
}
