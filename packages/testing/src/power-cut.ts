/**
 * A disk whose power can be cut: an ext4 file system in an image file. What programs have written but the kernel has not
 * yet brought to the disk is gone after the cut, and the journal is replayed, as after a real one.
 */
import { execFile, execFileSync } from 'node:child_process'
import { mkdir, open, readdir, readFile, rename } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { temporaryDirectory } from './temporary-directory.ts'

export interface PowerCutDisk extends AsyncDisposable {
  /** Where it is mounted. */
  readonly path: string
  /**
   * Cuts the power under a process that writes to the disk: nothing that it does from now on reaches the disk. On return
   * the process is killed and the disk is mounted again at the same place, as it was found after the cut.
   */
  cut(pid: number): Promise<void>
}

export interface PowerCutOptions {
  /** The image is sparse: it takes only what is written. */
  readonly bytes: number
}

const run = promisify(execFile)
/** The journal is written when somebody syncs, and otherwise as seldom as can be. */
const MOUNT_OPTIONS = 'loop,commit=300'
const POLL_MS = 5
const UNMOUNT_LIMIT_MS = 10_000

/** @returns why this machine cannot have such a disk: it needs root, mkfs.ext4 and loop devices; undefined when it can */
export async function whyNoPowerCut(): Promise<string | undefined> {
  try {
    await using disk = await startPowerCutDisk({ bytes: 16 * 1024 * 1024 })
    return disk.path === '' ? 'no mount' : undefined
  } catch (error) {
    const text = error instanceof Error && 'stderr' in error && error.stderr !== '' ? error.stderr : error
    return String(text).trim().split('\n')[0]
  }
}

export async function startPowerCutDisk({ bytes }: PowerCutOptions): Promise<PowerCutDisk> {
  await using stack = new AsyncDisposableStack()
  const directory = stack.use(await temporaryDirectory()).path
  const image = path.join(directory, 'image')
  const mounted = path.join(directory, 'disk')
  await mkdir(mounted)
  {
    await using file = await open(image, 'wx')
    await file.truncate(bytes)
  }
  await run('mkfs.ext4', ['-q', '-F', '-E', 'lazy_itable_init=1,lazy_journal_init=1,nodiscard', image])
  await run('mount', ['-o', MOUNT_OPTIONS, image, mounted])
  // A test run that is cut off leaves no mount behind.
  const onExit = (): void => void execFileSync('umount', ['--lazy', mounted])
  process.once('exit', onExit)
  stack.defer(async () => {
    process.off('exit', onExit)
    await unmount(mounted)
  })
  const owned = stack.move()
  return {
    path: mounted,
    cut: async (pid) => {
      await freeze(pid)
      const left = `${image}.left`
      // Not by Node, which would fill the holes.
      await run('cp', ['--sparse=always', image, left])
      process.kill(pid, 'SIGKILL')
      await unmount(mounted)
      await rename(left, image)
      await run('mount', ['-o', MOUNT_OPTIONS, image, mounted])
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Stopped for certain: no thread of it is still in a call that writes. */
async function freeze(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP')
  const isStopped = async (thread: string): Promise<boolean> =>
    /^State:\s+T/m.test(await readFile(`/proc/${pid}/task/${thread}/status`, 'utf8'))
  for (;;) {
    const stopped = await Promise.all((await readdir(`/proc/${pid}/task`)).map(isStopped))
    if (stopped.every(Boolean)) return
    await delay(POLL_MS)
  }
}

/** Busy until the last thread of a process that was killed is gone, which no list of processes shows. */
async function unmount(mounted: string): Promise<void> {
  const limit = performance.now() + UNMOUNT_LIMIT_MS
  for (;;) {
    try {
      await run('umount', [mounted])
      return
    } catch (error) {
      if (performance.now() > limit) throw error
      await delay(POLL_MS)
    }
  }
}
