import { access, constants, stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { TerminalError } from '@orchestrator/shared/core'

/**
 * Absolute path of a program: given so, or a bare name looked up on `searchPath`. A path relative to some directory
 * is refused, because nobody can say to which.
 * @throws TerminalError TOOLS_UNAVAILABLE naming the program and where it was looked for
 */
export async function findProgram(program: string, searchPath: string): Promise<string> {
  const problem = (text: string): TerminalError =>
    new TerminalError('TOOLS_UNAVAILABLE', `the program ${JSON.stringify(program)} ${text}`)
  if (isAbsolute(program)) {
    if (await isExecutable(program)) return program
    throw problem('is not there or cannot be run')
  }
  if (program.includes('/')) throw problem('must be an absolute path or a name without slashes')
  for (const directory of searchPath.split(':').filter((entry) => isAbsolute(entry))) {
    if (await isExecutable(join(directory, program))) return join(directory, program)
  }
  throw problem(`was not found on the PATH ${searchPath}`)
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}
