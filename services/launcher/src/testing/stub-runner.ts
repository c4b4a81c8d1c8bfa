/**
 * Stands in for the runner in tests of the process runtime: the same arguments, the same files, and no work. The agent's
 * command in the order says how it behaves.
 */
import { spawn } from 'node:child_process'
import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { AttemptFile, GoFile, type HeldFile } from '@orchestrator/shared/contracts'
import { createProcessTable, formatWorkloadUid } from '@orchestrator/shared/process'

const [folder = '', spawnId = ''] = process.argv.slice(2)
const attempt = AttemptFile.parse(JSON.parse(readFileSync(join(folder, 'attempt.json'), 'utf8')))
const [behaviour] = attempt.agent.adapter === 'command' ? attempt.agent.command : []
/** No test takes longer. Whoever was just being made when a test killed its launcher is missed by the test's clean-up. */
const LIFE_LIMIT_MS = 60_000
const LIVE = `setTimeout(() => {}, ${LIFE_LIMIT_MS})`
const STUBBORN = `process.on('SIGTERM', () => {}); ${LIVE}`

function readFileIfThere(name: string): string | undefined {
  try {
    return readFileSync(join(folder, name), 'utf8')
  } catch {
    return undefined
  }
}

function startGrandchild(code: string): void {
  spawn(process.execPath, ['-e', code], { detached: true, stdio: 'ignore' }).unref()
}

if (behaviour === 'crash') {
  process.stderr.write('no model\u001B[31m configured\n')
  process.exit(3)
}
if (behaviour === 'silent') await delay(LIFE_LIMIT_MS)

const identity = createProcessTable().identify(process.pid)
if (identity === undefined) throw new Error('no identity')
const workloadUid = formatWorkloadUid(identity)
const held: HeldFile = { v: 1, submittedId: attempt.submittedId, workloadUid, spawn: spawnId, ...identity }
// oxlint-disable-next-line node/no-process-env -- a test looks at what was given
writeFileSync(join(folder, 'environment.json'), JSON.stringify(process.env))
const heldFile = join(folder, 'held', `${spawnId}.json`)
writeFileSync(`${heldFile}.new`, JSON.stringify(held))
renameSync(`${heldFile}.new`, heldFile)

const until = performance.now() + attempt.holdLimitMs
let go = readFileIfThere('go.json')
while (go === undefined && existsSync(folder) && performance.now() < until) {
  await delay(10)
  go = readFileIfThere('go.json')
}
if (go === undefined || GoFile.parse(JSON.parse(go)).workloadUid !== workloadUid) process.exit(0)

appendFileSync(join(folder, 'ran'), `${workloadUid}\n`)
if (behaviour === 'leave') startGrandchild(LIVE)
if (behaviour === 'stubborn') {
  process.on('SIGTERM', () => undefined)
  startGrandchild(STUBBORN)
  await delay(LIFE_LIMIT_MS)
}
if (behaviour === 'obey') while (existsSync(folder) && readFileIfThere('stop.json') === undefined) await delay(10)
