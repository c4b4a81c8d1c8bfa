import { mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type AttemptFile, compareEpochs, Epoch, HISTORY_FOLDER } from '@orchestrator/shared/contracts'
import { TerminalError } from '@orchestrator/shared/core'
import { acquireExclusiveLock } from '@orchestrator/shared/process'
import { writeDurably } from '../control/durable-file.ts'
import type { Tenancy } from '../ports.ts'
import { claimAttempt, readClaim } from './claim.ts'
import { conflict, ensureFolder, ensureFolders, hasSystemCode, statOf } from './folders.ts'
import { attemptFolder } from './layout.ts'

export interface TenancyDependencies {
  readonly attempt: AttemptFile
  readonly workloadUid: string
}

/**
 * Takes the workspace for this runner's life: OS lock, epoch, claim, in this order, so that whoever is refused has
 * changed nothing.
 *
 * @throws TerminalError CLAIM_LOST (another workload owns this attempt; `details.holder`), WORKSPACE_LOCKED (another
 *   attempt's runner lives; `details.holder`), FENCED (a later attempt had the workspace), WORKSPACE_CONFLICT
 */
export async function enterTenancy({ attempt, workloadUid }: TenancyDependencies): Promise<Tenancy> {
  const history = join(attempt.workspaceDirectory, HISTORY_FOLDER)
  await mkdir(dirname(attempt.workspaceDirectory), { recursive: true })
  await ensureFolder(attempt.workspaceDirectory)
  await ensureFolder(history)
  const directory = join(attempt.workspaceDirectory, attemptFolder(attempt))
  const lock = await takeLock(history, directory)
  try {
    const epochFile = join(history, 'epoch')
    await refuseIfLater(epochFile, attempt.epoch)
    await ensureFolders(attempt.workspaceDirectory, attemptFolder(attempt))
    await claimAttempt(directory, { v: 1, submittedId: attempt.submittedId, workloadUid })
    await writeDurably(join(history, HOLDER_FILE), JSON.stringify({ name: attempt.spec.name, workloadUid }))
    await writeDurably(epochFile, JSON.stringify(attempt.epoch))
    const held = new DisposableStack()
    held.use(lock)
    return {
      attemptDirectory: directory,
      assertCurrent: () => assertOwn(epochFile, attempt.epoch),
      [Symbol.asyncDispose]: async () => held.dispose(),
    }
  } catch (error) {
    lock[Symbol.dispose]()
    throw error
  }
}

const LOCK_FILE = 'lock'
/** Who took the lock last: words for people, nothing is decided by it. */
const HOLDER_FILE = 'holder'

async function takeLock(history: string, attemptDirectory: string): Promise<Disposable> {
  const file = join(history, LOCK_FILE)
  const stat = await statOf(file)
  if (stat !== undefined && !stat.isFile()) throw conflict(`${file} must be a plain file`, { path: file })
  const lock = acquireExclusiveLock(file)
  if (lock !== undefined) return lock
  const claim = await readClaim(attemptDirectory)
  if (claim !== undefined)
    throw new TerminalError('CLAIM_LOST', `this attempt belongs to workload ${claim}`, { details: { holder: claim } })
  const holder = await readFile(join(history, HOLDER_FILE), 'utf8').catch(() => 'unknown')
  throw new TerminalError('WORKSPACE_LOCKED', `another runner works in this workspace: ${holder}`, {
    details: { holder },
  })
}

async function refuseIfLater(file: string, own: Epoch): Promise<void> {
  const found = await readEpoch(file)
  if (found === undefined || compareEpochs(found, own) <= 0) return
  throw fenced(own, found)
}

async function assertOwn(file: string, own: Epoch): Promise<void> {
  const found = await readEpoch(file)
  if (found === undefined || compareEpochs(found, own) !== 0) throw fenced(own, found)
}

function fenced(own: Epoch, found: Epoch | undefined): TerminalError {
  return new TerminalError(
    'FENCED',
    'the workspace was given to a later attempt: this one must not touch it any more',
    {
      details: { own, found: found ?? null },
    },
  )
}

async function readEpoch(file: string): Promise<Epoch | undefined> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (hasSystemCode(error, 'ENOENT')) return undefined
    throw error
  })
  if (text === undefined) return undefined
  try {
    return Epoch.parse(JSON.parse(text))
  } catch (cause) {
    throw new TerminalError('WORKSPACE_CONFLICT', `${file} is not readable: who had the workspace last is unknown`, {
      cause,
    })
  }
}
