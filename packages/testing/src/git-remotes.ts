import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** Text by path; `null` deletes the file. */
export type RemoteFiles = Readonly<Record<string, string | null>>

export interface GitRemoteOptions {
  /** The first commit; left out or empty: a repository without any commit. */
  readonly files?: RemoteFiles
  /** `main` when left out. */
  readonly branch?: string
}

export interface PersonsCommit {
  readonly files: RemoteFiles
  /** The default branch when left out; made from it when the remote does not have it. */
  readonly branch?: string
  readonly message?: string
  /** Replaces the branch's history by this one commit on top of its first. */
  readonly force?: boolean
  /** ISO time of the commit. */
  readonly date?: string
}

/** A real bare repository, reached by `file://`, and a person who works on it from a clone elsewhere. */
export interface GitRemote extends AsyncDisposable {
  readonly url: string
  /** The bare repository. */
  readonly path: string
  readonly branch: string
  /** Commits and pushes; returns the sha. */
  commit(commit: PersonsCommit): Promise<string>
  deleteBranch(branch: string): Promise<void>
  /** Sha of a branch, `undefined` when the remote does not have it. */
  sha(branch: string): Promise<string | undefined>
  branches(): Promise<readonly string[]>
  /** Content of a file at a branch or sha. */
  read(at: string, path: string): Promise<string>
  /** A clone of a person's own, in a folder that goes with the remote. */
  clone(): Promise<string>
  /** Git in the bare repository, or in another folder. */
  git(args: readonly string[], cwd?: string): Promise<string>
}

export const PERSON = { name: 'A Person', email: 'person@example.org' } as const

export async function createGitRemote(options: GitRemoteOptions = {}): Promise<GitRemote> {
  const root = await mkdtemp(join(tmpdir(), 'orchestrator-remote-'))
  const path = join(root, 'remote.git')
  const branch = options.branch ?? 'main'
  await runGit(root, ['init', '--quiet', '--bare', `--initial-branch=${branch}`, path])
  const remote = new FileRemote(root, path, branch)
  if (options.files !== undefined && Object.keys(options.files).length > 0)
    await remote.commit({ files: options.files, message: 'First' })
  return remote
}

class FileRemote implements GitRemote {
  readonly #root: string
  readonly path: string
  readonly branch: string
  #clones = 0

  constructor(root: string, path: string, branch: string) {
    this.#root = root
    this.path = path
    this.branch = branch
  }

  get url(): string {
    return pathToFileURL(this.path).href
  }

  async commit({
    files,
    branch = this.branch,
    message = 'A change',
    force = false,
    date,
  }: PersonsCommit): Promise<string> {
    const clone = await this.clone()
    await this.#switchTo(clone, branch, force)
    await writeFiles(clone, files)
    await runGit(clone, ['add', '--all'])
    const time = date === undefined ? {} : { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date }
    await runGit(clone, ['commit', '--quiet', '--allow-empty', '-m', message], time)
    await runGit(clone, ['push', '--quiet', ...(force ? ['--force'] : []), 'origin', `HEAD:refs/heads/${branch}`])
    return (await runGit(clone, ['rev-parse', 'HEAD'])).trim()
  }

  async #switchTo(clone: string, branch: string, force: boolean): Promise<void> {
    const exists = (await this.sha(branch)) !== undefined
    if (!exists && (await this.sha(this.branch)) === undefined)
      return void (await runGit(clone, ['checkout', '--quiet', '--orphan', branch]))
    const start = exists ? `origin/${branch}` : `origin/${this.branch}`
    await runGit(clone, ['checkout', '--quiet', '-B', branch, start])
    if (!force) return
    const first = (await runGit(clone, ['rev-list', '--max-parents=0', 'HEAD'])).trim().split('\n').at(0) ?? 'HEAD'
    await runGit(clone, ['reset', '--quiet', '--hard', first])
  }

  async deleteBranch(branch: string): Promise<void> {
    await this.git(['update-ref', '-d', `refs/heads/${branch}`])
  }

  async sha(branch: string): Promise<string | undefined> {
    const answer = await this.git(['for-each-ref', '--format=%(objectname)', `refs/heads/${branch}`])
    return answer.trim() === '' ? undefined : answer.trim()
  }

  async branches(): Promise<readonly string[]> {
    const answer = await this.git(['for-each-ref', '--format=%(refname:lstrip=2)', 'refs/heads'])
    return answer.split('\n').filter((line) => line !== '')
  }

  read(at: string, path: string): Promise<string> {
    return this.git(['show', `${at}:${path}`])
  }

  async clone(): Promise<string> {
    this.#clones += 1
    const directory = join(this.#root, `clone-${this.#clones}`)
    await runGit(this.#root, ['clone', '--quiet', this.url, directory])
    return directory
  }

  git(args: readonly string[], cwd: string = this.path): Promise<string> {
    return runGit(cwd, args)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#root, { recursive: true, force: true })
  }
}

async function writeFiles(directory: string, files: RemoteFiles): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const target = join(directory, path)
    if (text === null) {
      await rm(target, { force: true })
      continue
    }
    await mkdir(dirname(target), { recursive: true })
    await writeFile(target, text)
  }
}

async function runGit(cwd: string, args: readonly string[], environment: Record<string, string> = {}): Promise<string> {
  const { stdout } = await execute('git', [...args], {
    cwd,
    maxBuffer: 64 * 1024 * 1024,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: cwd,
      LC_ALL: 'C',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_TERMINAL_PROMPT: '0',
      GIT_AUTHOR_NAME: PERSON.name,
      GIT_AUTHOR_EMAIL: PERSON.email,
      GIT_COMMITTER_NAME: PERSON.name,
      GIT_COMMITTER_EMAIL: PERSON.email,
      ...environment,
    },
  })
  return stdout
}
