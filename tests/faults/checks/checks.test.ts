import { describe, expect, it } from 'vitest'
import type { DoneKill, History } from '../history.ts'
import {
  batch,
  closing,
  finished,
  first,
  FIRST,
  FIRST_ID,
  inSequence,
  line,
  logsOf,
  second,
  SECOND,
  SECOND_ID,
  started,
  stopRequested,
  submitted,
  wholeHistory,
  wholeLedger,
} from './broken-histories.ts'
import { checkRound } from './index.ts'

/** The rules that this history breaks. */
function rules(change: Partial<History>): readonly string[] {
  return [...new Set(checkRound({ ...wholeHistory(), ...change }).map(({ rule }) => rule))]
}

const [submit1, start1, end1, submit2, start2, end2] = wholeLedger()
if (!submit1 || !start1 || !end1 || !submit2 || !start2 || !end2) throw new Error('six messages')

const ledgerOf = (...messages: readonly NonNullable<typeof submit1>[]): History['ledger'] => inSequence(messages)
const killed = (submittedId: string): Pick<History, 'kills'> => ({ kills: [{ victim: 'runner', submittedId }] })
const logs = (...texts: string[]): Pick<History, 'logs'> => ({
  logs: [...logsOf(first, texts), ...logsOf(second, [batch(SECOND_ID, {}, [line(1)]), closing(SECOND_ID, 1)])],
})

describe('checkRound', () => {
  it('finds nothing in a round in which all went well', () => {
    expect(checkRound(wholeHistory())).toEqual([])
  })
})

describe('intake', () => {
  it('finds an acknowledged submit that is not in the ledger', () => {
    const lost = { key: 'k3', attempt: 'trader-claude-agent-1-task9-attempt1', n: 1, sequence: 99 }
    expect(rules({ acknowledged: [...wholeHistory().acknowledged, lost] })).toEqual(['no acknowledged submit is lost'])
  })

  it('finds an acknowledgement with a sequence or a key that is not that of the attempt', () => {
    const acknowledged = [{ key: 'k1', attempt: FIRST, n: 1, sequence: 2 }]
    expect(rules({ acknowledged })).toEqual(['no acknowledged submit is lost'])
    expect(rules({ acknowledged: [{ key: 'k2', attempt: FIRST, n: 1, sequence: 1 }] })).toEqual([
      'no acknowledged submit is lost',
    ])
  })

  it('finds a number that is missing and one that was given twice', () => {
    const third = submitted({ ...second, n: 3 }, { id: SECOND_ID, key: 'k2' })
    expect(rules({ ledger: ledgerOf(submit1, start1, end1, third) })).toContain(
      'numbers of attempts are dense and unique',
    )
    const again = submitted(first, { id: 'submitted-3', key: 'k3' })
    expect(rules({ ledger: ledgerOf(submit1, start1, end1, submit2, start2, end2, again) })).toEqual(
      expect.arrayContaining(['numbers of attempts are dense and unique', 'two attempts never have one name']),
    )
  })

  it('finds two attempts of one key, in the ledger and in the answers', () => {
    const sameKey = submitted(second, { id: SECOND_ID, key: 'k1' })
    expect(rules({ ledger: ledgerOf(submit1, start1, end1, sameKey, start2, end2) })).toContain(
      'one key makes one attempt',
    )
    const acknowledged = [...wholeHistory().acknowledged, { key: 'k1', attempt: SECOND, n: 2, sequence: 4 }]
    expect(rules({ acknowledged })).toContain('one key makes one attempt')
  })

  it('finds what cannot be read and what belongs to nothing', () => {
    const unreadable = { seq: 7, subject: 'task.trader.master.1', event: undefined }
    expect(rules({ ledger: [...wholeHistory().ledger, unreadable], told: [1, 2, 3, 4, 5, 6, 7] })).toEqual([
      'the ledger holds nothing strange',
    ])
    const orphan = finished({ ...first, n: 9 }, 'nobody')
    expect(rules({ ledger: ledgerOf(...wholeLedger(), orphan), told: [1, 2, 3, 4, 5, 6, 7] })).toEqual([
      'the ledger holds nothing strange',
    ])
  })

  it('finds a request that was refused', () => {
    expect(rules({ refused: [{ what: 'POST /v1/tasks', status: 404, detail: '' }] })).toEqual(['a request was refused'])
  })
})

describe('endings', () => {
  it('finds an attempt without an end', () => {
    expect(rules({ ledger: ledgerOf(submit1, start1, end1, submit2, start2), told: [1, 2, 3, 4, 5] })).toContain(
      'no attempt is lost',
    )
  })

  it('finds a second start, a second end, and what follows the end', () => {
    const twice = started(first, { submittedId: FIRST_ID, uid: 'uid-3' })
    expect(rules({ ledger: ledgerOf(submit1, start1, twice, end1, submit2, start2, end2) })).toContain(
      'an attempt starts once',
    )
    expect(rules({ ledger: ledgerOf(submit1, start1, end1, end1, submit2, start2, end2) })).toContain(
      'an attempt ends once',
    )
    const late = ledgerOf(submit1, start1, end1, stopRequested(first), submit2, start2, end2)
    expect(rules({ ledger: late })).toContain('nothing follows the end')
  })

  it('finds two requests to stop, and a launch after one', () => {
    const stop = stopRequested(first)
    expect(rules({ ledger: ledgerOf(submit1, start1, stop, stop, end1, submit2, start2, end2) })).toContain(
      'a stop is asked once',
    )
    expect(rules({ ledger: ledgerOf(submit1, stop, start1, end1, submit2, start2, end2) })).toContain(
      'what was stopped before its start is not launched',
    )
  })

  it('finds events that carry the id of another submit', () => {
    const foreign = started(first, { submittedId: SECOND_ID, uid: 'uid-1' })
    expect(rules({ ledger: ledgerOf(submit1, foreign, end1, submit2, start2, end2) })).toContain(
      'a start belongs to its submit',
    )
    expect(rules({ ledger: ledgerOf(submit1, start1, finished(first, SECOND_ID), submit2, start2, end2) })).toContain(
      'an end belongs to its submit',
    )
  })

  it('finds a success without a pushed commit, killed or not', () => {
    expect(rules({ commits: new Set() })).toEqual(['success is proven by a pushed commit'])
    expect(rules({ commits: new Set(), ...killed(FIRST_ID) })).toEqual(['success is proven by a pushed commit'])
    expect(rules({ marks: [] })).toEqual(['success is proven by a pushed commit'])
  })

  it('lets only those fail that were killed or stopped', () => {
    const failed = { phase: 'Unknown', reason: 'WorkloadLost' } as const
    const ledger = ledgerOf(submit1, start1, finished(first, FIRST_ID, failed), submit2, start2, end2)
    const views: History['views'] = [
      [
        { attempt: FIRST, phase: 'Unknown' },
        { attempt: SECOND, phase: 'Succeeded' },
      ],
    ]
    expect(rules({ ledger, views })).toEqual(['what nobody killed or stopped succeeds'])
    expect(rules({ ledger, views, ...killed(SECOND_ID) })).toEqual(['what nobody killed or stopped succeeds'])
    expect(rules({ ledger, views, ...killed(FIRST_ID) })).toEqual([])
  })

  it('finds a stop that was acknowledged and is not there', () => {
    const stop = { attempt: FIRST, accepted: true, phase: 'Running', sequence: 3 } as const
    expect(rules({ stops: [stop] })).toEqual(['an acknowledged stop is in the ledger'])
    expect(rules({ stops: [{ ...stop, accepted: false }] })).toEqual([])
    expect(rules({ stops: [{ ...stop, attempt: 'trader-claude-agent-1-task9-attempt1' }] })).toEqual([
      'an acknowledged stop is in the ledger',
    ])
    const obeyed = ledgerOf(submit1, start1, stopRequested(first), end1, submit2, start2, end2)
    expect(rules({ stops: [stop], ledger: obeyed, told: [1, 2, 3, 4, 5, 6, 7], acknowledged: [] })).toEqual([])
  })
})

describe('agents', () => {
  const [begin1, finish1, begin2, finish2] = wholeHistory().marks
  if (!begin1 || !finish1 || !begin2 || !finish2) throw new Error('four marks')

  it('finds an agent that ran twice, and one that ran unasked', () => {
    const again = { ...begin1, pid: '9' }
    expect(rules({ marks: [begin1, finish1, again, finish1, begin2, finish2] })).toEqual(['no agent runs twice'])
    const unasked = { what: 'begin', submittedId: 'nobody', service: 'other', pid: '9' } as const
    expect(rules({ marks: [...wholeHistory().marks, unasked] })).toEqual([
      'no agent runs before its start is in the ledger',
    ])
  })

  it('finds two in one workspace, unless the first was killed or stopped and is dead', () => {
    const rule = 'one workspace, one attempt at a time'
    const overlapping = [begin1, begin2, finish1, finish2]
    expect(rules({ marks: overlapping })).toEqual([rule])
    expect(rules({ marks: [begin1, begin2, finish2], ...killed(FIRST_ID) })).toEqual([])
    const ledger = ledgerOf(submit1, start1, stopRequested(first), end1, submit2, start2, end2)
    expect(rules({ marks: [begin1, begin2, finish2], ledger })).not.toContain(rule)
    expect(rules({ marks: [begin1, begin2, finish2] })).toEqual([rule])
    const seen = { ...begin2, what: 'overlap' } as const
    expect(rules({ marks: [begin1, seen, begin2, finish2], ...killed(FIRST_ID) })).toEqual([rule])
  })
})

describe('logs', () => {
  it('finds a line that is lost without a word, changed, or there twice', () => {
    expect(rules(logs(batch(FIRST_ID, {}, [line(1)]), closing(FIRST_ID, 1)))).toEqual([
      'no log line is lost without a word',
    ])
    expect(rules(logs(batch(FIRST_ID, {}, [line(1), line(2).replace('line', 'word')]), closing(FIRST_ID, 2)))).toEqual([
      'log lines are as they were written',
    ])
    expect(
      rules(logs(batch(FIRST_ID, {}, [line(1), line(2)]), batch(FIRST_ID, {}, [line(2)]), closing(FIRST_ID, 2))),
    ).toEqual(['no log line comes twice'])
  })

  it('finds a gap without a reason', () => {
    const gap = batch(FIRST_ID, { gaps: [{ first: 2, last: 2 }] }, [line(1)])
    expect(rules(logs(gap, closing(FIRST_ID, 1, 1)))).toEqual(['gaps have a reason'])
    const killedBroker = { kills: [{ victim: 'broker', submittedId: undefined }] } as const
    expect(rules({ ...logs(gap, closing(FIRST_ID, 1, 1)), ...killedBroker })).toEqual(['gaps have a reason'])
    const invented = batch(FIRST_ID, { gaps: [{ first: 3, last: 3 }] }, [line(1), line(2)])
    expect(rules(logs(invented, closing(FIRST_ID, 2, 1)))).toEqual(['gaps have a reason'])
    expect(rules({ ...logs(invented, closing(FIRST_ID, 2, 1)), ...killed(FIRST_ID) })).toEqual([])
    const denied = batch(FIRST_ID, { gaps: [{ first: 2, last: 2 }] }, [line(1), line(2)])
    expect(rules(logs(denied, closing(FIRST_ID, 2, 1)))).toContain('a line that is there is no gap')
  })

  it('finds a log that is not closed, closed twice, continued, or counted wrongly', () => {
    const whole = batch(FIRST_ID, {}, [line(1), line(2)])
    expect(rules(logs(whole))).toEqual(['every log is closed'])
    expect(rules(logs(whole, closing(FIRST_ID, 2), closing(FIRST_ID, 2)))).toEqual(['a log is closed once'])
    expect(rules(logs(closing(FIRST_ID, 2), whole))).toEqual(['nothing follows the closing batch'])
    expect(rules(logs(whole, closing(FIRST_ID, 3)))).toEqual(['the closing batch counts right'])
    const counted = finished(first, FIRST_ID, { logs: { lines: 1, gaps: 1 } })
    expect(rules({ ledger: ledgerOf(submit1, start1, counted, submit2, start2, end2) })).toEqual([
      'the end counts as the log does',
    ])
  })

  it('finds words of a runner that was never let go, and logs of nobody', () => {
    const stranger = { attempt: FIRST, workloadUid: 'uid-9', text: `${line(1)}\n` }
    expect(rules({ lines: [...wholeHistory().lines, stranger] })).toEqual(['who was not let go says nothing'])
    const foreign = batch('somebody', {}, [line(1), line(2)])
    expect(rules(logs(foreign, closing(FIRST_ID, 2)))).toEqual(['a log belongs to one attempt'])
    expect(rules({ logs: [...wholeHistory().logs, { seq: 9, subject: 'logs.x.master.1.1', text: foreign }] })).toEqual([
      'logs belong to attempts',
    ])
  })

  it('takes the unfinished last line of a killed runner for none', () => {
    const lines = [
      { attempt: FIRST, workloadUid: 'uid-1', text: `${line(1)}\n${line(2)}\n{"seq":3,` },
      ...wholeHistory().lines.slice(1),
    ]
    expect(rules({ lines, ...killed(FIRST_ID) })).toEqual([])
  })
})

describe('telling', () => {
  it('finds an event that was not told, and one that is none', () => {
    expect(rules({ told: [1, 2, 4, 5, 6] })).toEqual(['every event is told'])
    expect(rules({ told: [1, 2, 3, 4, 5, 6, 7] })).toEqual(['only events are told'])
  })

  it('finds a task that is told out of its order, also by a late repetition', () => {
    expect(rules({ told: [1, 3, 2, 4, 5, 6] })).toEqual(['a task is told in its order'])
    expect(rules({ told: [1, 2, 3, 2, 4, 5, 6], kills: [{ victim: 'notifier', submittedId: undefined }] })).toEqual([
      'a task is told in its order',
    ])
  })

  it('allows one repetition for each crash of a notifier, of all tasks together', () => {
    const rule = 'a crash doubles one message at most'
    const told = [1, 2, 2, 3, 4, 5, 5, 6]
    const crashOf = (victim: DoneKill['victim']): DoneKill => ({ victim, submittedId: undefined })
    expect(rules({ told })).toEqual([rule])
    expect(rules({ told, kills: [crashOf('notifier')] })).toEqual([rule])
    expect(rules({ told, kills: [crashOf('notifier'), crashOf('up')] })).toEqual([])
    expect(rules({ told, kills: [crashOf('notifier')], lostLeases: 1 })).toEqual([])
    expect(rules({ told, kills: [crashOf('broker'), crashOf('launcher'), crashOf('watcher')] })).toEqual([rule])
  })
})

describe('what is left', () => {
  it('finds a view that shows something else', () => {
    const rule = 'every replica shows what the ledger holds'
    const [view = []] = wholeHistory().views
    expect(rules({ views: [view, view.slice(1)] })).toEqual([rule])
    expect(rules({ views: [view.map(({ attempt }) => ({ attempt, phase: 'Running' as const }))] })).toEqual([rule])
    expect(rules({ views: [[...view, { attempt: 'another', phase: 'Queued' }]] })).toEqual([rule])
  })

  it('finds what was given up and what was not given back', () => {
    expect(rules({ deadLetters: ['{}'], leftovers: ['slot global.0'] })).toEqual([
      'nothing is given up',
      'everything is given back',
    ])
  })
})
