import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type ScriptedModel, startScriptedModel } from './server.ts'

interface Question {
  readonly session?: string
  readonly key?: string
  readonly results?: readonly { readonly text: string; readonly error?: boolean }[]
  readonly prompt?: string
}

async function ask(
  model: ScriptedModel,
  { session = 's', key = 'k', results = [], prompt = 'Do it' }: Question,
): Promise<Response> {
  const content = [
    { type: 'text', text: prompt },
    ...results.map(({ text, error }) => ({ type: 'tool_result', tool_use_id: 't', content: text, is_error: error })),
  ]
  return await fetch(`${model.url}/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': key, 'x-claude-code-session-id': session },
    body: JSON.stringify({
      model: 'm',
      system: 'Primary working directory: /w/here',
      messages: [{ role: 'user', content }],
      tools: [{ name: 'Bash' }],
    }),
  })
}

const Answer = z.object({ content: z.tuple([z.object({ text: z.string() })]) })
const textIn = async (response: Response): Promise<string> => Answer.parse(await response.json()).content[0].text

describe('a scripted model', () => {
  it('plays its turns in order, each conversation from the beginning', async () => {
    await using model = await startScriptedModel({
      script: { turns: [{ text: 'one in {{cwd}}' }, { text: 'two: {{lastResult}}' }] },
    })
    expect(await textIn(await ask(model, {}))).toBe('one in /w/here')
    expect(await textIn(await ask(model, { session: 'other' }))).toBe('one in /w/here')
    expect(await textIn(await ask(model, { results: [{ text: 'a "quoted" line\n' }] }))).toBe('two: a "quoted" line\n')
    expect(await textIn(await ask(model, { results: [{ text: 'x' }] }))).toBe('Done.')
    expect(model.requests.map(({ session }) => session)).toEqual(['s', 'other', 's', 's'])
  })

  it('gives a second try of the same request the same answer', async () => {
    await using model = await startScriptedModel({ script: { turns: [{ text: 'one' }, { text: 'two' }] } })
    expect(await textIn(await ask(model, {}))).toBe('one')
    expect(await textIn(await ask(model, {}))).toBe('one')
  })

  it('takes the first plan that matches', async () => {
    await using model = await startScriptedModel({
      script: {
        turns: [{ text: 'for the rest' }],
        sessions: [{ match: { prompt: 'task 2', system: '/w' }, turns: [{ text: 'for task 2' }] }],
      },
    })
    expect(await textIn(await ask(model, { session: 'a', prompt: 'do task 2' }))).toBe('for task 2')
    expect(await textIn(await ask(model, { session: 'b', prompt: 'do task 1' }))).toBe('for the rest')
  })

  it('ends a conversation whose expectation does not hold, and lists what it was', async () => {
    await using model = await startScriptedModel({
      script: {
        turns: [
          { text: 'one' },
          { text: 'two', expect: { toolError: false, toolResult: 'fine', toolOffered: 'Read' } },
        ],
      },
    })
    await ask(model, {})
    const response = await ask(model, { results: [{ text: 'bad', error: true }] })
    expect(response.status).toBe(400)
    expect(model.failures).toEqual([
      'turn 2: toolError is true: bad; toolResult does not match /fine/; the tool Read is not offered',
    ])
    expect((await ask(model, { results: [{ text: 'more' }] })).status).toBe(400)
  })

  it('refuses a wrong key, and answers with the faults of its script', async () => {
    await using model = await startScriptedModel({
      script: { turns: [{ error: { status: 429, type: 'rate_limit_error', retryAfterSeconds: 1 } }], after: 'error' },
      apiKey: 'right',
    })
    expect((await ask(model, { key: 'wrong' })).status).toBe(401)
    const limited = await ask(model, { key: 'right' })
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '1'])
    expect((await ask(model, { key: 'right' })).status).toBe(400)
  })

  it('streams, and breaks the connection where the script says so', async () => {
    await using model = await startScriptedModel({
      script: { turns: [{ text: 'x'.repeat(200) }, { text: 'y', cut: true }] },
    })
    const stream = async (session: string, count: number): Promise<string> => {
      const messages = Array.from({ length: count }, (_, index) => ({ role: 'user', content: `${index}` }))
      const response = await fetch(`${model.url}/v1/messages`, {
        method: 'POST',
        headers: { authorization: 'Bearer k', 'x-claude-code-session-id': session },
        body: JSON.stringify({ model: 'm', stream: true, messages, tools: [{ name: 'Bash' }] }),
      })
      return await response.text()
    }
    const whole = await stream('s', 1)
    expect(whole).toContain('event: message_stop')
    expect([...whole.matchAll(/"text_delta","text":"(x+)"/g)].map(([, text]) => text).join('')).toBe('x'.repeat(200))
    await expect(stream('s', 2)).rejects.toThrow()
  })

  it('speaks the Responses API too', async () => {
    await using model = await startScriptedModel({
      script: { turns: [{ tools: [{ name: 'shell', input: { command: ['ls'] } }] }, { text: '{{lastResult}}' }] },
    })
    const turn = async (input: readonly object[]): Promise<string> => {
      const body = JSON.stringify({
        model: 'm',
        stream: true,
        input,
        tools: [{ name: 'shell' }],
        prompt_cache_key: 'c',
      })
      const response = await fetch(`${model.url}/v1/responses`, {
        method: 'POST',
        headers: { authorization: 'Bearer k' },
        body,
      })
      return await response.text()
    }
    const user = { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Do it' }] }
    expect(await turn([user])).toContain('"name":"shell"')
    const output = { type: 'function_call_output', call_id: 'c1', output: 'Process exited with code 1' }
    expect(await turn([user, output])).toContain('Process exited with code 1')
    expect(model.requests.at(-1)?.results).toEqual([{ id: 'c1', error: true, text: 'Process exited with code 1' }])
  })

  it('refuses a script with a field that does not exist', async () => {
    // @ts-expect-error: the mistake of this test
    await expect(startScriptedModel({ script: { turns: [{ txt: 'x' }] } })).rejects.toThrow('txt')
  })
})
