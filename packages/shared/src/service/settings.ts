import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { Settings } from '../contracts/index.ts'
import { TerminalError } from '../core/index.ts'

/**
 * Reads the installation's settings file; without one everything has its default.
 * @throws TerminalError SETTINGS_INVALID naming the file and every field at fault
 */
export async function loadSettings(file: string | undefined): Promise<Settings> {
  if (file === undefined) return Settings.parse({})
  const parsed = Settings.safeParse(parseJson(await readSettings(file), file))
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map(
    ({ path, message }) => `  ${path.join('.') || '(the whole document)'}: ${message}`,
  )
  throw new TerminalError('SETTINGS_INVALID', `${file} is not valid:\n${faults.join('\n')}`)
}

async function readSettings(file: string): Promise<string> {
  return await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new TerminalError('SETTINGS_INVALID', `cannot read the settings file ${file}: check SETTINGS_FILE`, { cause })
  })
}

function parseJson(text: string, file: string): unknown {
  try {
    return z.json().parse(JSON.parse(text))
  } catch (cause) {
    throw new TerminalError('SETTINGS_INVALID', `${file} is not JSON (comments are not allowed)`, { cause })
  }
}
