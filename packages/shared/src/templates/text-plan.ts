/** Which texts an attempt has, from which templates, and where they go. Pure. */
import { basename } from 'node:path'
import { TEXT_FORMATS, type TextFormat } from './escape.ts'

/** A text of an attempt: its templates by preference, and its place relative to the workspace's root. */
export interface TextPlan {
  readonly templates: readonly string[]
  readonly destination: string
  /** Kept in the attempt's own folder, to which the destination is relative. */
  readonly isOfAttempt: boolean
}

const ofAttempt = (destination: string, ...templates: readonly string[]): TextPlan => ({
  templates,
  destination,
  isOfAttempt: true,
})
const atRoot = (destination: string, ...templates: readonly string[]): TextPlan => ({
  templates,
  destination,
  isOfAttempt: false,
})

/** In a directory of templates. */
export const TEMPLATES_FOLDER = 'implementation'
export const SETTINGS_TEMPLATE = 'settings.json.hbs'

/** Completed by the runner. */
export const PROMPT = ofAttempt('prompt.md', 'prompt.md.hbs', 'prompt.hbs')

/** A text's file is named as its destination's last part: also the key of a ConfigMap. */
export const TEXTS: readonly TextPlan[] = [
  atRoot('CLAUDE.md', 'memory.md.hbs'),
  atRoot('coding-guidelines.md', 'coding-guidelines.md.hbs'),
  atRoot('github-guidelines.md', 'github-guidelines.md.hbs'),
  atRoot('.claude/settings.local.json', SETTINGS_TEMPLATE),
  atRoot('.mcp.json', 'mcp.json.hbs'),
  ofAttempt('system-prompt.md', 'system-prompt.md.hbs'),
  ofAttempt('hooks/early-test.sh', 'hooks/early-test.sh.hbs'),
  ofAttempt('hooks/stop-commit.sh', 'hooks/stop-commit.sh.hbs'),
  ofAttempt('container.sh', 'container.sh.hbs'),
]

/** Every file name that a directory of templates may have. */
export const TEMPLATE_NAMES: readonly string[] = [PROMPT, ...TEXTS].flatMap(({ templates }) => templates)

/** `settings.json.hbs` is JSON; a name without an inner ending is Markdown. */
export function formatOf(path: string): TextFormat {
  const inner = basename(path, '.hbs').split('.').at(-1)
  return TEXT_FORMATS.find((format) => format === inner) ?? 'md'
}
