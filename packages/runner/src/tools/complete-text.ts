/** The last touch to a rendered text: what only the workspace knows. Pure. */
import {
  keepSections,
  type Language,
  TOOLS_ITEM,
  TOOLS_PLACEHOLDER,
  type WorkspaceFacts,
} from '@orchestrator/shared/contracts'
import { hasCode, TerminalError } from '@orchestrator/shared/core'
import { calledAs, permissionsFor, TOOLMAN, type ToolPlan } from './tool-plan.ts'

export interface Knowledge {
  readonly tools: ToolPlan
  readonly languages: readonly Language[]
}

export interface RenderedText {
  /** Its place, for messages and for what is known of the format. */
  readonly place: string
  readonly text: string
}

export const TOOL_SERVERS_FILE = '.mcp.json'

/** @throws TerminalError TEMPLATE_INVALID naming the text and what is wrong with it */
export function completeText({ place, text }: RenderedText, knowledge: Knowledge): string {
  if (place.endsWith('.md')) return completeMarkdown({ place, text }, knowledge)
  if (place.endsWith('.json')) return completeJson({ place, text }, knowledge.tools)
  return text
}

function completeMarkdown({ place, text }: RenderedText, { tools, languages }: Knowledge): string {
  const facts: WorkspaceFacts = { tools: tools.tools.map(({ name }) => name), languages }
  const list = tools.tools.map((tool) => `- \`${calledAs(tool)}\``)
  return sectionsOf(place, text, facts)
    .split('\n')
    .flatMap((line) => (line.trim() === TOOLS_PLACEHOLDER ? list : [line]))
    .join('\n')
}

function sectionsOf(place: string, text: string, facts: WorkspaceFacts): string {
  try {
    return keepSections(text, facts)
  } catch (cause) {
    if (!hasCode(cause, 'TEMPLATE_INVALID')) throw cause
    throw new TerminalError('TEMPLATE_INVALID', `the text for ${place}, ${cause.message}`, { cause })
  }
}

function completeJson({ place, text }: RenderedText, plan: ToolPlan): string {
  const value = parse(place, text)
  const withTools = replaceItem(value, permissionsFor(plan.tools))
  const whole = place === TOOL_SERVERS_FILE ? withServers(withTools, plan) : withTools
  return `${JSON.stringify(whole, null, 2)}\n`
}

function parse(place: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new TerminalError('TEMPLATE_INVALID', `the text for ${place} is not JSON`, { cause })
  }
}

/** Wherever a list has {@link TOOLS_ITEM}, it has the tools instead. */
function replaceItem(value: unknown, tools: readonly string[]): unknown {
  if (Array.isArray(value))
    return value.flatMap((item: unknown): readonly unknown[] =>
      item === TOOLS_ITEM ? tools : [replaceItem(item, tools)],
    )
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, replaceItem(inner, tools)]))
}

/** Local servers beside the template's own; the remote ones' client only where something is remote. */
function withServers(value: unknown, { localServers, usesToolman }: ToolPlan): unknown {
  const given = isObject(value) ? value : {}
  const own = isObject(given['mcpServers']) ? given['mcpServers'] : {}
  const taken = Object.keys(localServers).find((name) => name in own)
  if (taken !== undefined)
    throw new TerminalError(
      'INPUT_INVALID',
      `the local tool server "${taken}" of the task has the name of one that the template for ${TOOL_SERVERS_FILE} brings: choose another name`,
    )
  const kept = Object.entries(own).filter(([name]) => name !== TOOLMAN || usesToolman)
  return { ...given, mcpServers: { ...Object.fromEntries(kept), ...localServers } }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
