/** What secrets look like, whoever they belong to. Every pattern takes time linear in the text, however hostile. */

export const REDACTED = '[redacted]'

interface Shape {
  readonly pattern: RegExp
  readonly replacement: string
}

const whole = (pattern: RegExp): Shape => ({ pattern, replacement: REDACTED })

/** Where a word begins: also right after a colour (`ESC[31m`) or an escape as in JSON (`\n`), whose last letter is no part of it. */
const START = String.raw`(?:(?<![\w-])|(?<=\\[nrtbf])|(?<=\x1B\[[\d;]{0,16}m))`
const wholeWord = (pattern: string): Shape => whole(new RegExp(START + pattern, 'g'))

/** Unmistakable ones. */
const MADE_AS_SECRETS: readonly Shape[] = [
  // A key block without its end is hidden to the end of the text.
  whole(/-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----(?:[\s\S]*?-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|[\s\S]*$)/g),
  // Prefixes that nothing else has are found wherever they stand.
  whole(/gh[opsru]_[A-Za-z0-9]{20,}/g),
  whole(/github_pat_\w{20,}/g),
  whole(/gl(?:pat|dt|ptt|rt|cbt|ft|soat)-[\w-]{16,}/g),
  whole(/sk-(?:ant|proj)-[\w-]{16,}/g),
  whole(/xox[abceoprs]-[A-Za-z0-9-]{10,}/g),
  whole(/npm_[A-Za-z0-9]{36,}/g),
  // Our own.
  whole(/orc_[\w-]{43}/g),
  whole(/whsec_[A-Za-z0-9+/=]{16,}/g),
  wholeWord(String.raw`sk-[A-Za-z0-9]{20,}`),
  wholeWord(String.raw`xapp-[A-Za-z0-9-]{10,}`),
  wholeWord(String.raw`A(?:KIA|SIA)[A-Z0-9]{16}(?![A-Za-z0-9])`),
  wholeWord(String.raw`AIza[\w-]{35}`),
  // A JSON Web Token: header and payload are JSON objects, so both start with `eyJ`.
  wholeWord(String.raw`eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*`),
]

/** Whatever stands where a secret would: in a log nothing is lost by hiding it. */
const NAMED_AS_SECRETS: readonly Shape[] = [
  {
    pattern:
      /\b((?:proxy-)?authorization["']?[ \t]{0,8}[:=][ \t]{0,8}["']?)(?:(?:bearer|basic|token|digest)[ \t]{1,8})?[^\s"',;]{6,}/gi,
    replacement: `$1${REDACTED}`,
  },
  { pattern: /\b(bearer[ \t]{1,8})[\w.~+/-]{16,}=*/gi, replacement: `$1${REDACTED}` },
  { pattern: /(:\/\/[^\s/:@"'<>]{0,256}:)[^\s/@"'<>]{1,1024}@/g, replacement: `$1${REDACTED}@` },
  // A token given as the user of a web address.
  { pattern: /\b(https?:\/\/)[^\s/:@"'<>]{16,1024}@/gi, replacement: `$1${REDACTED}@` },
  {
    pattern: /([?&](?:access_?token|api_?key|auth|key|password|secret|sig|signature|token)=)[^\s&#"'<>]{8,1024}/gi,
    replacement: `$1${REDACTED}`,
  },
  // As files of variables and shells have it; in programs names are seldom in capitals, and blanks surround the sign.
  {
    pattern:
      /\b([A-Z0-9_]{0,64}(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|ACCESS_KEY|PRIVATE_KEY)=["']?)[^\s"']{8,1024}/g,
    replacement: `$1${REDACTED}`,
  },
]

const EVERY_SHAPE = [...MADE_AS_SECRETS, ...NAMED_AS_SECRETS]

export function hideTokens(text: string): string {
  return EVERY_SHAPE.reduce((rest, { pattern, replacement }) => rest.replace(pattern, replacement), text)
}

/** Whether something in it can hardly be anything but a secret. */
export function holdsToken(text: string): boolean {
  return MADE_AS_SECRETS.some(({ pattern }) => text.search(pattern) >= 0)
}
