import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Commit, DiffStat, Flag } from '@orchestrator/shared/contracts'
import { redactFile } from '../lines/redact-file.ts'
import type { Changes } from '../ports.ts'
import { createDisabledTestFinder, deletedTestFlags, outOfScopeFlags } from './diff-flags.ts'
import { importBranch, type PushContext } from './push.ts'
import type { Repository } from './repository.ts'

const MAX_COMMITS = 200
const DIFF_FILE = 'changes.diff'

/**
 * The branch against the point where it left its base, read in the runner's own clone. The diff itself is kept in the
 * attempt's folder for people and later attempts.
 */
export async function readChanges(context: PushContext, baseSha: string): Promise<Changes> {
  const head = await importBranch(context)
  const { repository } = context.mirror
  const base = await currentBase(context, head, baseSha)
  const range = ['--no-renames', base, head, '--']
  const numstat = await repository.list(['diff', '--numstat', '-z', ...range])
  const files = numstat.map((line) => line.split('\t').slice(2).join('\t'))
  const diffFile = await keepDiff(context, range)
  return {
    headSha: head,
    commits: await commitsOf(repository, base, head),
    diffStat: sumOf(numstat),
    files,
    flags: [
      ...(await disabledTests(diffFile)),
      ...deletedTestFlags(
        await repository.list(['diff', '--name-only', '-z', '-M', '--diff-filter=D', base, head, '--']),
      ),
      ...outOfScopeFlags(files, context.attempt.spec.workingDirectory),
    ],
  }
}

/** For people and later attempts: secrets are taken out, which the repository itself may well hold. */
async function keepDiff(context: PushContext, range: readonly string[]): Promise<string> {
  const place = join(context.tenancy.attemptDirectory, DIFF_FILE)
  const whole = join(context.tenancy.attemptDirectory, `.${DIFF_FILE}.part`)
  try {
    await context.mirror.repository.git(['diff', '--no-color', `--output=${whole}`, ...range])
    await redactFile(whole, place, context.redaction)
  } finally {
    await rm(whole, { force: true })
  }
  return place
}

/** An agent that merged the base into its branch moved the point where the two part. */
async function currentBase({ attempt, mirror }: PushContext, head: string, baseSha: string): Promise<string> {
  const base = await mirror.remoteBranch(attempt.spec.repository.branch)
  if (base === undefined) return baseSha
  return (await mirror.repository.git(['merge-base', head, base]).catch(() => '')) || baseSha
}

async function commitsOf(repository: Repository, base: string, head: string): Promise<readonly Commit[]> {
  const fields = await repository.git([
    'log',
    `--max-count=${MAX_COMMITS}`,
    '-z',
    '--format=%H%x1f%an <%ae>%x1f%s',
    head,
    `^${base}`,
    '--',
  ])
  return fields
    .split('\0')
    .filter((entry) => entry !== '')
    .map((entry) => {
      const [sha = '', author = '', subject = ''] = entry.split('\x1f')
      return { sha, author: author.slice(0, 200), subject: subject.slice(0, 200) }
    })
}

function sumOf(numstat: readonly string[]): DiffStat {
  const total = { files: numstat.length, insertions: 0, deletions: 0 }
  for (const line of numstat) {
    const [insertions = '', deletions = ''] = line.split('\t')
    // Binary files count as files only.
    total.insertions += Number(insertions) || 0
    total.deletions += Number(deletions) || 0
  }
  return total
}

async function disabledTests(diffFile: string): Promise<readonly Flag[]> {
  const finder = createDisabledTestFinder()
  for await (const line of createInterface({ input: createReadStream(diffFile), crlfDelay: Infinity })) finder.add(line)
  return finder.flags()
}
