/** From files that hold credentials to the texts that must never be seen, in every form they may take. */
import { readFile } from 'node:fs/promises'

/** Shorter texts are no secrets, and hiding them would make every other word unreadable. */
const SECRET_MIN_LENGTH = 6
/** A variant of few characters would hide parts of innocent words. */
const VARIANT_MIN_LENGTH = 8

/** A file that cannot be read holds nothing that could be printed. */
export async function readSecretFiles(paths: readonly string[]): Promise<readonly string[]> {
  const texts = await Promise.all(paths.map(async (path) => readFile(path, 'utf8').catch(() => '')))
  return [...new Set(texts.flatMap(secretsIn))]
}

/**
 * The whole text, each of its lines, and what such files are known to carry: passwords in URLs (git's credential
 * store), `password <secret>` (netrc), `NAME=value`, strings of JSON.
 */
export function secretsIn(text: string): readonly string[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim())
  const found = [text.trim(), ...lines, ...lines.flatMap(secretsInLine), ...stringsInJson(text)]
  return [...new Set(found)].filter((secret) => secret.length >= SECRET_MIN_LENGTH)
}

function secretsInLine(line: string): readonly string[] {
  const found: string[] = []
  const url = /:\/\/([^/@\s]+)@/.exec(line)?.[1]
  if (url !== undefined) {
    const password = url.includes(':') ? url.slice(url.indexOf(':') + 1) : url
    found.push(password, decodeLeniently(password))
  }
  for (const [, password] of line.matchAll(/\bpassword[ \t]+(\S+)/g)) found.push(password ?? '')
  const value = /^(?:export[ \t]+)?[A-Za-z_][A-Za-z0-9_.-]*[ \t]*[=:][ \t]*["']?(.*?)["']?$/.exec(line)?.[1]
  if (value !== undefined && value.length >= VARIANT_MIN_LENGTH) found.push(value)
  return found
}

function decodeLeniently(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function stringsInJson(text: string): readonly string[] {
  const found: string[] = []
  try {
    JSON.parse(text, (_key, value: unknown) => {
      if (typeof value === 'string' && value.length >= VARIANT_MIN_LENGTH) found.push(value)
      return value
    })
  } catch {
    // Not JSON.
  }
  return found
}

const SECRET_NAME = /key|token|secret|password|passwd|credential|auth/i

/** Values of variables whose names say that they are secret. */
export function secretVariables(environment: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(environment)
    .filter(([name, value]) => SECRET_NAME.test(name) && value.length >= VARIANT_MIN_LENGTH)
    .map(([, value]) => value)
}

/** Every text that gives the secret away: itself, and as JSON, URLs, hexadecimal and base64 carry it. */
export function variantsOf(secret: string): readonly string[] {
  const quoted = inJson(secret)
  const percent = encodeURIComponent(secret)
  const encoded = [
    quoted,
    inJson(quoted),
    percent,
    percent.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    new URLSearchParams({ '': secret }).toString().slice(1),
    ...base64Variants(secret),
  ]
  const hex = Buffer.from(secret).toString('hex')
  const long = [...encoded, hex, hex.toUpperCase()].filter((text) => text.length >= VARIANT_MIN_LENGTH)
  return [...new Set([secret, ...long])]
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}

/** Base64 of a text that has the secret inside looks different for each of the three places where it may begin. */
function base64Variants(secret: string): readonly string[] {
  const variants = [0, 1, 2].flatMap((shift) => {
    const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(secret)])
    // What its neighbours have a part in is left out.
    const first = Math.ceil((shift * 8) / 6)
    const last = Math.floor((bytes.length * 8) / 6)
    return [bytes.toString('base64').slice(first, last), bytes.toString('base64url').slice(first, last)]
  })
  // A short middle part is found in innocent texts too.
  return variants.filter((text) => text.length >= VARIANT_MIN_LENGTH)
}
