/**
 * What a scripted model says, turn by turn. Plain data, so that a scenario can be a JSON file.
 *
 *     {"turns": [{"text": "Writing.", "tools": [{"name": "Write", "input": {"file_path": "{{cwd}}/a", "content": "x"}}]},
 *                {"text": "Done.", "expect": {"toolError": false}}]}
 *
 * Turns are played in order, one for each request of a conversation. Texts may hold `{{cwd}}` (the agent's working
 * directory, read from its request), `{{session}}` and `{{lastResult}}` (text of the last tool result).
 */
import { z } from 'zod'

const Pattern = z.string().describe('regular expression; the dot matches line ends')

/** Checked when the turn's request arrives; what does not hold ends the conversation with an error, and is listed. */
const Expectation = z.strictObject({
  toolError: z.exactOptional(z.boolean()),
  toolResult: z.exactOptional(Pattern),
  prompt: z.exactOptional(Pattern),
  system: z.exactOptional(Pattern),
  model: z.exactOptional(Pattern),
  toolOffered: z.exactOptional(z.string()),
})
export type Expectation = z.infer<typeof Expectation>

const TurnUsage = z.strictObject({
  input_tokens: z.exactOptional(z.int()),
  output_tokens: z.exactOptional(z.int()),
  cache_read_input_tokens: z.exactOptional(z.int()),
  cache_creation_input_tokens: z.exactOptional(z.int()),
})

export const ScriptedTurn = z.strictObject({
  text: z.exactOptional(z.string()),
  thinking: z.exactOptional(z.string()),
  tools: z.exactOptional(z.array(z.strictObject({ name: z.string(), input: z.record(z.string(), z.unknown()) }))),
  stopReason: z.exactOptional(z.enum(['end_turn', 'tool_use', 'max_tokens', 'refusal'])),
  /** Drives cost, budget and compaction; estimated from the texts when left out. */
  usage: z.exactOptional(TurnUsage),
  expect: z.exactOptional(Expectation),
  /** Play it so many times. */
  repeat: z.exactOptional(z.int().positive()),
  /** Slow: before the first byte, and between pieces. */
  delayMs: z.exactOptional(z.number()),
  chunkMs: z.exactOptional(z.number()),
  /** Faults: an error answer, silence, a connection that breaks in the middle. */
  error: z.exactOptional(
    z.strictObject({
      status: z.int(),
      type: z.string(),
      message: z.string().default('scripted error'),
      retryAfterSeconds: z.exactOptional(z.number()),
    }),
  ),
  hang: z.exactOptional(z.literal(true)),
  cut: z.exactOptional(z.literal(true)),
})
export type ScriptedTurn = z.infer<typeof ScriptedTurn>

/** What follows when the turns are used up: the last one again, an error, or this turn; left out: a closing text. */
const After = z.union([z.literal('repeat'), z.literal('error'), ScriptedTurn])

const Plan = z.strictObject({ turns: z.array(ScriptedTurn), after: z.exactOptional(After) })
export type Plan = z.infer<typeof Plan>

export const ModelScript = z.strictObject({
  /** The story in one sentence, for readers. */
  about: z.exactOptional(z.string()),
  ...Plan.shape,
  /** For conversations that match; the first that does is taken, else the turns above. */
  sessions: z
    .array(
      z.strictObject({
        ...Plan.shape,
        match: z.strictObject({ prompt: z.exactOptional(Pattern), system: z.exactOptional(Pattern) }),
      }),
    )
    .default([]),
  /** What each subagent is told. */
  subagent: z.exactOptional(ScriptedTurn),
})
export type ModelScript = z.infer<typeof ModelScript>
export type ModelScriptInput = z.input<typeof ModelScript>
