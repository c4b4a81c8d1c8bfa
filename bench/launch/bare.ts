/** What a launch cannot be faster than: the runner's process, spawned and let go by hand, with all files prepared. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, open, readFile, rename, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { GO_FILE, HeldFile, MARKER_VARIABLE } from '@orchestrator/shared/contracts'
import type { LaunchFolder } from '../measure/launch-folder.ts'

/** The program that the launcher starts. */
const RUNNER_MAIN = createRequire(import.meta.resolve('@orchestrator/launcher')).resolve('@orchestrator/runner/main')
const SPAWN = 'bare'
const POLL_MS = 5

/** Returns once the runner was held and let go; its end comes later. */
export async function launchBare({
  folder,
  home,
  submittedId,
}: LaunchFolder): Promise<{ readonly ended: Promise<unknown> }> {
  const child = await spawnRunner({ folder, home, submittedId })
  const ended = once(child, 'exit')
  const heldFile = join(folder, 'held', `${SPAWN}.json`)
  while (!(await isThere(heldFile))) {
    if (child.exitCode !== null) throw new Error(`a runner ended with exit code ${child.exitCode}`)
    await delay(POLL_MS)
  }
  const { workloadUid } = HeldFile.parse(JSON.parse(await readFile(heldFile, 'utf8')))
  await writeFile(join(folder, 'go.new'), JSON.stringify({ v: 1, workloadUid }))
  await rename(join(folder, 'go.new'), join(folder, GO_FILE))
  return { ended }
}

async function spawnRunner({ folder, home, submittedId }: LaunchFolder): Promise<ChildProcess> {
  await using lines = await open(join(folder, 'lines', `${SPAWN}.ndjson`), 'a')
  await using errors = await open(join(folder, 'errors', `${SPAWN}.txt`), 'a')
  return spawn(process.execPath, [RUNNER_MAIN, folder, SPAWN], {
    cwd: folder,
    detached: true,
    env: { PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8', HOME: home, [MARKER_VARIABLE]: submittedId },
    stdio: ['ignore', lines.fd, errors.fd],
  })
}

async function isThere(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  )
}
