/** Flags of `submit` and `retry` as the body of a request. What the values mean is the server's to judge. */
import { readFile } from 'node:fs/promises'
import type { Given } from '@orchestrator/client'
import { PromptMode } from '@orchestrator/shared/contracts'
import { TerminalError } from '@orchestrator/shared/core'
import { type Command, Option } from 'commander'
import { collect } from '../options.ts'

export interface RequestFlags {
  readonly agent?: string
  readonly model?: string
  readonly repositoryUrl?: string
  readonly branch?: string
  readonly githubUser?: string
  readonly platformRepositoryUrl?: string
  readonly platformBranch?: string
  readonly platformUser?: string
  readonly workingDirectory?: string
  readonly guidance?: string
  readonly promptModification?: string
  readonly guidanceFile?: string
  readonly promptMode?: PromptMode
  readonly limit?: readonly string[]
  readonly previous?: string
}

export function withRequestFlags(command: Command): Command {
  return command
    .option('-a, --agent <name>', 'who does it, for example claude-agent-1')
    .option('-m, --model <name>', 'model of the agent, for example sonnet')
    .option('--repository-url <url>', 'target repository')
    .option('-b, --branch <name>', 'base branch of the target repository')
    .option('--github-user <user>', 'author of the commits, and whose credential is used')
    .option('--platform-repository-url <url>', 'repository that holds the documents')
    .option('--platform-branch <name>', 'its branch')
    .option('--platform-user <user>', 'whose credential is used for it')
    .option('-w, --working-directory <path>', 'directory inside the target repository')
    .option('--guidance <text>', 'what this attempt should know')
    .addOption(
      new Option('--prompt-modification <text>', 'the same as --guidance').conflicts(['guidance', 'guidanceFile']),
    )
    .addOption(
      new Option('--guidance-file <path>', 'the guidance from a file; - for standard input').conflicts('guidance'),
    )
    .addOption(
      new Option('--prompt-mode <mode>', 'append the guidance to the prompt, or replace the prompt by it').choices(
        PromptMode.options,
      ),
    )
    .option(
      '--limit <key=value>',
      'wallClockMinutes, idleMinutes, usd or turns; may be repeated; "none" lifts usd and turns',
      collect,
    )
    .option('--previous <attempt>', 'the attempt that this one answers: number or name')
}

/** The body of a retry without its guidance; a submit's has the same and more. */
type RequestBody = Omit<Given<'retryTask'>['body'], 'guidance'>

/** @throws TerminalError INPUT_INVALID */
export function toRequestBody(flags: RequestFlags): RequestBody {
  const { agent, model, repositoryUrl, branch, githubUser, platformRepositoryUrl, platformBranch, platformUser } = flags
  const { workingDirectory, promptMode, previous, limit } = flags
  return {
    agent,
    model,
    repositoryUrl,
    branch,
    githubUser,
    platformRepositoryUrl,
    platformBranch,
    platformUser,
    workingDirectory,
    promptMode,
    limits: limit === undefined ? undefined : parseLimits(limit),
    previous: /^\d+$/.test(previous ?? '') ? Number(previous) : previous,
  }
}

/** @throws TerminalError INPUT_INVALID */
function parseLimits(limits: readonly string[]): Record<string, number | null> {
  return Object.fromEntries(limits.map(parseLimit))
}

function parseLimit(text: string): readonly [string, number | null] {
  const [, key, value] = /^([A-Za-z]+)=(none|\d{1,12}(?:\.\d{1,6})?)$/.exec(text) ?? []
  if (key === undefined || value === undefined) {
    throw new TerminalError(
      'INPUT_INVALID',
      `--limit ${JSON.stringify(text)}: use key=number, for example wallClockMinutes=30 or usd=none`,
    )
  }
  return [key, value === 'none' ? null : Number(value)]
}

export interface GuidanceSource {
  readonly flags: RequestFlags
  readonly stdin: AsyncIterable<Uint8Array | string>
}

/** @throws TerminalError INPUT_INVALID for a file that cannot be read */
export async function readGuidance({ flags, stdin }: GuidanceSource): Promise<string | undefined> {
  const { guidanceFile: file } = flags
  if (file === undefined) return flags.guidance ?? flags.promptModification
  if (file === '-')
    return Buffer.concat((await Array.fromAsync(stdin)).map((chunk) => Buffer.from(chunk))).toString('utf8')
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new TerminalError(
      'INPUT_INVALID',
      `--guidance-file ${JSON.stringify(file)} cannot be read: name a readable file, or - for standard input`,
      { cause },
    )
  }
}
