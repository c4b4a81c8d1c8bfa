import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AgentFact } from '../facts.ts'
import { createOpening } from './opening.ts'
import { createReader } from './reader.ts'

const NOTHING_EXPECTED = { servers: [], tools: [] }
const json = (value: object): string => JSON.stringify(value)
const used = (inputTokens: number, costUSD: number): object => ({ m: { inputTokens, outputTokens: 10, costUSD } })
const assistant = (uuid: string, id: string, ...content: readonly object[]): string =>
  json({ type: 'assistant', uuid, message: { id, model: 'm', content }, parent_tool_use_id: null })
const result = (more: object = {}): string =>
  json({
    type: 'result',
    uuid: 'r1',
    subtype: 'success',
    is_error: false,
    result: 'Done.',
    model_usage_since_last_result: used(300, 0.3),
    ...more,
  })

/** A whole run, as Claude Code prints it. */
const RUN = [
  json({ type: 'system', subtype: 'init', uuid: 'i', session_id: 'sid', model: 'm', claude_code_version: '2.1.330' }),
  assistant('a1', 'm1', { type: 'thinking', thinking: 'hm' }, { type: 'text', text: 'Hello.' }),
  assistant('a2', 'm1', { type: 'tool_use', id: 't1', name: 'Bash', input: { command: 'npm test', description: 'x' } }),
  json({
    type: 'user',
    uuid: 'u1',
    message: { content: [{ type: 'tool_result', tool_use_id: 't1', is_error: true, content: 'Exit code 3\nno' }] },
  }),
  json({ type: 'tool_progress', tool_use_id: 't1', elapsed_time_seconds: 30 }),
  assistant('a3', 'm2', { type: 'text', text: 'Done.' }),
  result(),
] as const

function read(lines: readonly string[]): readonly AgentFact[] {
  const reader = createReader(createOpening('Do it', NOTHING_EXPECTED))
  return lines.flatMap((line) => reader.hear(line).facts)
}
const EXPECTED = read(RUN)

describe('the reader of stream-json', () => {
  it('makes facts of a run', () => {
    expect(EXPECTED).toEqual([
      { kind: 'session', sessionId: 'sid', description: 'Claude Code 2.1.330, model m, session sid' },
      { kind: 'turn' },
      { kind: 'text', text: 'Hello.', subagent: false },
      {
        kind: 'call',
        id: 't1',
        tool: 'Bash',
        summary: 'npm test',
        canonical: '{"command":"npm test"}',
        command: 'npm test',
      },
      { kind: 'return', id: 't1', ok: false, text: 'Exit code 3\nno', exitCode: 3 },
      { kind: 'turn' },
      { kind: 'text', text: 'Done.', subagent: false },
      { kind: 'use', inputTokens: 300, outputTokens: 10, costUsd: 0.3 },
      { kind: 'finished', text: 'Done.' },
    ])
  })

  it('counts a line that comes twice once', () => {
    fc.assert(
      fc.property(fc.subarray([...RUN.keys()]), (doubled) => {
        expect(read(RUN.flatMap((line, index) => (doubled.includes(index) ? [line, line] : [line])))).toEqual(EXPECTED)
      }),
    )
  })

  it('keeps lines that it does not know, and goes on with the others as if they were not there', () => {
    const unknown = fc.oneof(
      fc.string({ minLength: 1 }).filter((text) => text.trim() !== ''),
      fc.json(),
      fc
        .record({ type: fc.constantFrom('brand_new', 'system', 'assistant', 'user', 'result'), subtype: fc.string() })
        .map(json),
      fc.integer({ min: 1, max: 60 }).map((at) => RUN[2].slice(0, at)),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(RUN.length), unknown), { maxLength: 8 }), (insertions) => {
        const lines: string[] = [...RUN]
        for (const [at, line] of insertions.toSorted(([a], [b]) => b - a)) lines.splice(at, 0, line)
        const facts = read(lines)
        expect(facts.filter(({ kind }) => kind !== 'unknown' && kind !== 'turn')).toEqual(
          EXPECTED.filter(({ kind }) => kind !== 'turn'),
        )
      }),
    )
  })

  it('never ends a run because of a line that was cut', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: result().length - 1 }), (at) => {
        expect(read([...RUN.slice(0, -1), result().slice(0, at)]).some(({ kind }) => kind === 'finished')).toBe(false)
      }),
    )
  })

  it.each([
    [{ subtype: 'error_max_turns', is_error: true, result: undefined, errors: ['Reached'] }, 'TurnsReached'],
    [{ subtype: 'error_max_budget_usd', is_error: true, result: undefined }, 'BudgetReached'],
    [{ is_error: true, terminal_reason: 'api_error', api_error_status: 529, result: 'Overloaded' }, 'AgentError'],
    [{ is_error: true, terminal_reason: 'api_error', api_error_status: 403, result: 'Forbidden' }, 'AuthFailed'],
    [{ is_error: false, terminal_reason: 'hook_stopped', result: '' }, 'AgentError'],
    [{ subtype: 'error_during_execution', is_error: true, result: undefined }, 'AgentError'],
  ])('trusts is_error, not the subtype: %j is %s', (more, reason) => {
    expect(read([result(more)]).at(-1)).toMatchObject({ kind: 'finished', failure: { reason } })
  })

  it('takes a refused key for the end at once', () => {
    const retry = json({
      type: 'system',
      subtype: 'api_retry',
      attempt: 1,
      max_retries: 4,
      error_status: 401,
      error: 'authentication_failed',
    })
    expect(read([retry])).toMatchObject([{ kind: 'fatal', failure: { reason: 'AuthFailed' } }])
  })

  it('waits for subagents and for turns that are still to come', () => {
    const tasks = (count: number): string =>
      json({
        type: 'system',
        subtype: 'background_tasks_changed',
        tasks: Array.from({ length: count }, () => ({ task_type: 'local_agent' })),
      })
    const kinds = (lines: readonly string[]): readonly string[] => read(lines).map(({ kind }) => kind)
    expect(kinds([tasks(1), result()])).toEqual(['use'])
    expect(kinds([tasks(1), tasks(0), result()])).toEqual(['use', 'finished'])
    expect(kinds([result({ queued_turn_count: 1 })])).toEqual(['use'])
  })

  it('adds up the use of several results, without what an earlier attempt had used', () => {
    const reader = createReader(createOpening('Do it', NOTHING_EXPECTED))
    const answer = (id: string, input: number): string =>
      json({
        type: 'control_response',
        response: { subtype: 'success', request_id: id, response: { session: { model_usage: used(input, 1) } } },
      })
    reader.hear(answer('used-before', 1000))
    expect(reader.hear(answer('usage-2', 1200)).facts).toEqual([
      { kind: 'use', inputTokens: 200, outputTokens: 0, costUsd: 0 },
    ])
    reader.hear(result())
    expect(reader.hear(result({ uuid: 'r2' })).facts[0]).toMatchObject({ inputTokens: 600, costUsd: 0.6 })
  })
})

describe('the opening', () => {
  const answer = (opening: ReturnType<typeof createOpening>, id: string, value: unknown): unknown =>
    opening.hear(id, value)

  it('gives the prompt only to a session whose tool servers are all connected', () => {
    const opening = createOpening('Do it', NOTHING_EXPECTED)
    expect(answer(opening, 'servers', { mcpServers: [{ name: 'a', status: 'pending' }] })).toMatchObject({
      replies: [{ afterMs: 250, text: expect.stringContaining('mcp_status') }],
    })
    expect(answer(opening, 'servers', { mcpServers: [{ name: 'a', status: 'connected' }] })).toMatchObject({
      replies: [{ text: expect.stringContaining('Do it') }],
    })
    const failed = { mcpServers: [{ name: 'a', status: 'failed', error: 'ENOENT' }] }
    expect(answer(opening, 'servers', failed)).toEqual({
      facts: [
        {
          kind: 'fatal',
          failure: {
            reason: 'ToolsUnavailable',
            message: 'Tool servers that the task needs are not connected: a (ENOENT).',
          },
        },
      ],
      replies: [],
    })
  })

  it('waits for what a server offers, and names what nobody does', () => {
    const tools = [
      { server: 'docs', name: 'query-docs' },
      { server: 'docs', name: 'guess' },
    ]
    const opening = createOpening('Do it', { servers: ['docs', 'gone'], tools })
    const docs = { name: 'docs', status: 'connected' }
    expect(answer(opening, 'servers', { mcpServers: [docs] })).toMatchObject({ facts: [], replies: [{ afterMs: 250 }] })
    const offering = { ...docs, tools: [{ name: 'query_docs' }, { name: 'search' }] }
    expect(answer(opening, 'servers', { mcpServers: [offering] })).toMatchObject({
      facts: [{ failure: { message: expect.stringContaining('gone (its configuration was not accepted)') } }],
    })
    const gone = { name: 'gone', status: 'connected', tools: [] }
    expect(answer(opening, 'servers', { mcpServers: [offering, gone] })).toMatchObject({
      facts: [
        {
          failure: {
            reason: 'ToolsUnavailable',
            message: 'Tools that the task names do not exist: guess (of docs). docs offers query_docs, search.',
          },
        },
      ],
      replies: [],
    })
  })

  it('gives up on settings that were not taken', () => {
    const taken = { errors: [], sources: [{ source: 'flagSettings' }] }
    expect(answer(createOpening('', NOTHING_EXPECTED), 'settings', taken)).toEqual({ facts: [], replies: [] })
    const dropped = { errors: [{ path: 'permissions', message: 'is wrong' }], sources: [] }
    expect(answer(createOpening('', NOTHING_EXPECTED), 'settings', dropped)).toMatchObject({
      facts: [
        {
          kind: 'fatal',
          failure: { reason: 'ConfigurationInvalid', message: expect.stringContaining('permissions: is wrong') },
        },
      ],
    })
  })
})
