import type { WorkspaceDocument } from '@orchestrator/shared/contracts'
import { describe, expect, it } from 'vitest'
import { entryOf, specOf } from '../testing/builders.ts'
import { emptyDocument, grantTo, note } from './queue.ts'
import { capOf, capsFor, chooseInTurn, chooseSlots, type HeldSlot, isStale, waitingFor } from './slots.ts'

const mine = entryOf(specOf({ service: 'trader' }), 10)
const other = entryOf(specOf({ service: 'auth' }), 5)
const agent = mine.agent
const caps = { global: 2, agents: { [agent]: 1 } }

function held(key: string, { service, name, submittedId }: typeof mine): HeldSlot {
  return { key, value: { v: 1, service, name, submittedId }, revision: 1 }
}

describe('capsFor', () => {
  it('names the caps that bind an agent, global first, and none where none is set', () => {
    expect(capsFor(agent, caps)).toEqual([
      { name: 'global', size: 2 },
      { name: `agent.${agent}`, size: 1 },
    ])
    expect(capsFor('other', caps)).toEqual([{ name: 'global', size: 2 }])
    expect(capsFor(agent, { agents: {} })).toEqual([])
  })
})

describe('chooseSlots', () => {
  it('takes the first free number of each cap', () => {
    const choice = chooseSlots(
      mine,
      [
        { name: 'global', size: 2 },
        { name: 'agent.a', size: 1 },
      ],
      [held('global.0', other)],
    )
    expect(choice).toEqual({ kind: 'enough', keep: [], take: ['global.1', 'agent.a.0'] })
  })

  it('keeps what an earlier try took', () => {
    const choice = chooseSlots(mine, capsFor(agent, caps), [held('global.0', mine)])
    expect(choice).toMatchObject({ kind: 'enough', keep: [{ key: 'global.0' }], take: [`agent.${agent}.0`] })
  })

  it('takes nothing while one of the caps is full', () => {
    const choice = chooseSlots(mine, capsFor(agent, caps), [held(`agent.${agent}.0`, other)])
    expect(choice).toEqual({ kind: 'full', cap: { name: `agent.${agent}`, size: 1 } })
  })

  it('gives no number beyond a cap that was lowered', () => {
    expect(
      chooseSlots(mine, [{ name: 'global', size: 1 }], [held('global.0', other), held('global.3', other)]).kind,
    ).toBe('full')
  })

  it('needs nothing where there is no cap', () => {
    expect(chooseSlots(mine, [], [])).toEqual({ kind: 'enough', keep: [], take: [] })
  })
})

describe('chooseInTurn', () => {
  const at = (service: string, sequence: number, byAgent = agent): WorkspaceDocument =>
    note(emptyDocument(service), { entry: entryOf(specOf({ service, agent: byAgent }), sequence), finished: false })
  const waiting = [at('trader', 10), at('auth', 5), at('pricing', 20)]

  it('leaves a place to the oldest that can take it', () => {
    const one = { caps: { global: 1, agents: {} }, held: [], documents: waiting }
    expect(chooseInTurn(mine, one)).toEqual({
      kind: 'behind',
      cap: { name: 'global', size: 1 },
      services: ['auth'],
    })
    expect(chooseInTurn(other, one)).toEqual({ kind: 'enough', keep: [], take: ['global.0'] })
  })

  it('takes a place that the older ones leave over, and none of theirs', () => {
    expect(chooseInTurn(mine, { caps: { global: 2, agents: {} }, held: [], documents: waiting })).toEqual({
      kind: 'enough',
      keep: [],
      take: ['global.1'],
    })
  })

  it('is full where no place is free for anyone', () => {
    const full = { caps: { global: 1, agents: {} }, held: [held('global.0', other)], documents: [at('trader', 10)] }
    expect(chooseInTurn(mine, full).kind).toBe('full')
  })

  it('waits for no older one that waits for another cap, has its workspace already, or is to stop', () => {
    const elsewhere = at('auth', 5, 'claude-agent-2')
    const narrow = { global: 1, agents: { 'claude-agent-2': 1 } }
    const busy = [held('agent.claude-agent-2.0', other)]
    expect(chooseInTurn(mine, { caps: narrow, held: busy, documents: [elsewhere] }).kind).toBe('enough')
    const [head] = elsewhere.entries
    if (head === undefined) throw new Error('no entry')
    const granting = { epoch: { generation: 1, sequence: 1 }, slots: [], workloadUid: null }
    const stopped = { ...elsewhere, entries: [{ ...head, stopRequested: true }] }
    for (const document of [grantTo(elsewhere, head, granting), stopped]) {
      expect(chooseInTurn(mine, { caps: { global: 1, agents: {} }, held: [], documents: [document] }).kind).toBe(
        'enough',
      )
    }
  })
})

describe('isStale', () => {
  const queue = note(emptyDocument('trader'), { entry: mine, finished: false })
  const second = entryOf(specOf({ service: 'trader', n: 2 }), 20)
  const granting = { epoch: { generation: 1, sequence: 1 }, slots: [], workloadUid: null }

  it('is false for the grant, and for the head of a free workspace', () => {
    expect(isStale(held('global.0', mine), queue)).toBe(false)
    expect(isStale(held('global.0', mine), grantTo(queue, mine, granting))).toBe(false)
  })

  it('is true for anyone else, and without a document', () => {
    expect(isStale(held('global.0', second), note(queue, { entry: second, finished: false }))).toBe(true)
    expect(isStale(held('global.0', second), grantTo(queue, mine, granting))).toBe(true)
    expect(isStale(held('global.0', mine), undefined)).toBe(true)
  })
})

describe('waitingFor', () => {
  it('names free workspaces whose head a cap binds, oldest submission first', () => {
    const trader = note(emptyDocument('trader'), { entry: mine, finished: false })
    const auth = note(emptyDocument('auth'), { entry: other, finished: false })
    const busy = grantTo(auth, other, { epoch: { generation: 1, sequence: 1 }, slots: [], workloadUid: null })
    expect(waitingFor(new Set(['global']), [trader, auth])).toEqual(['auth', 'trader'])
    expect(waitingFor(new Set([capOf(`agent.${agent}.0`)]), [trader, busy, emptyDocument('x')])).toEqual(['trader'])
    expect(waitingFor(new Set(['agent.other']), [trader, auth])).toEqual([])
  })
})
