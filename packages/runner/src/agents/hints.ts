import { NO_USAGE, ObservedTest, type RunnerLineBody, Usage } from '@orchestrator/shared/contracts'
/**
 * Progress that any program can report: a line of its standard output that is a JSON object with `orchestrator`.
 *
 *     {"orchestrator":"text","text":"Reading the task"}
 *     {"orchestrator":"tool","tool":"Bash","summary":"cargo build","ok":true,"durationMs":5200}
 *     {"orchestrator":"usage","inputTokens":1200,"outputTokens":300,"costUsd":0.02,"turns":3,"toolCalls":7}
 *     {"orchestrator":"test","command":"cargo test","exitCode":0,"durationMs":8100}
 *
 * The figures of `usage` are totals so far; what is left out stays as it was. Any other line is plain output.
 */
import { assertNever } from '@orchestrator/shared/core'
import { z } from 'zod'

const Hint = z.discriminatedUnion('orchestrator', [
  z.object({ orchestrator: z.literal('text'), text: z.string() }),
  z.object({
    orchestrator: z.literal('tool'),
    tool: z.string().min(1),
    summary: z.string().default(''),
    ok: z.exactOptional(z.boolean()),
    durationMs: z.exactOptional(z.number().min(0)),
  }),
  z.object({ orchestrator: z.literal('usage'), ...Usage.partial().shape }),
  z.object({ orchestrator: z.literal('test'), ...ObservedTest.shape }),
])
type Hint = z.infer<typeof Hint>

export interface HintReader {
  /** `undefined` for a line that is no hint. */
  read(line: string): RunnerLineBody | undefined
}

export function createHintReader(): HintReader {
  let usage: Usage = NO_USAGE
  return {
    read: (line) => {
      const hint = parseHint(line)
      if (hint?.orchestrator === 'usage') usage = addTo(usage, hint)
      return hint === undefined ? undefined : toBody(hint, usage)
    },
  }
}

function parseHint(line: string): Hint | undefined {
  if (!line.startsWith('{') || !line.includes('"orchestrator"')) return undefined
  try {
    return Hint.safeParse(JSON.parse(line)).data
  } catch {
    return undefined
  }
}

function addTo(
  before: Usage,
  { toolCalls, inputTokens, outputTokens, costUsd, turns }: Extract<Hint, { orchestrator: 'usage' }>,
): Usage {
  return {
    toolCalls: toolCalls ?? before.toolCalls,
    inputTokens: inputTokens ?? before.inputTokens,
    outputTokens: outputTokens ?? before.outputTokens,
    costUsd: costUsd === undefined ? before.costUsd : costUsd,
    turns: turns ?? before.turns,
  }
}

function toBody(hint: Hint, usage: Usage): RunnerLineBody {
  switch (hint.orchestrator) {
    case 'usage':
      return { kind: 'usage', usage }
    case 'text':
      return { kind: 'text', text: hint.text }
    case 'tool': {
      const { orchestrator: kind, ...rest } = hint
      return { kind, ...rest }
    }
    case 'test': {
      const { orchestrator: kind, ...rest } = hint
      return { kind, ...rest }
    }
    default:
      return assertNever(hint, 'hint')
  }
}
