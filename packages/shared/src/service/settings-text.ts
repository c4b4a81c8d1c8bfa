/** A settings file as text: what it says, and where. YAML, of which JSON is a part. Pure. */
import { isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml'

/** One-based, as editors count. */
export interface Position {
  readonly line: number
  readonly column: number
}

export type Path = readonly PropertyKey[]

export interface SettingsText {
  readonly value: unknown
  /** Of a value, of the key itself, or else of the nearest thing above that is there. */
  readonly positionOf: (path: Path, of?: 'value' | 'key') => Position
}

export interface SyntaxFault extends Position {
  readonly message: string
}

/** More references to one anchor are no settings but an attack. */
const MAX_ALIASES = 100

export function readSettingsText(text: string): SettingsText | readonly SyntaxFault[] {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'silent' })
  const positionAt = (offset: number): Position => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  const faults = [...document.errors, ...document.warnings].map(({ message, pos: [offset] }) => {
    return { ...positionAt(offset), message }
  })
  if (faults.length > 0) return faults
  try {
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES })
    // An empty file says nothing, and everything has its default.
    return {
      value: value ?? {},
      positionOf: (path, of = 'value') => positionAt(offsetOf(document.contents, path, of)),
    }
  } catch (error) {
    return [{ line: 1, column: 1, message: error instanceof Error ? error.message : String(error) }]
  }
}

function offsetOf(root: Node | null, path: Path, of: 'value' | 'key'): number {
  let node: Node | null = root
  let offset = root?.range?.[0] ?? 0
  for (const [index, step] of path.entries()) {
    const pair: Pair<unknown, Node | null> | undefined = isMap<unknown, Node | null>(node)
      ? node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(step))
      : undefined
    const next: unknown = isSeq(node) ? node.items[Number(step)] : pair?.value
    const key: unknown = of === 'key' && index === path.length - 1 ? (pair?.key ?? next) : next
    offset = startOf(key) ?? startOf(pair?.key) ?? offset
    if (!isNode(next)) return offset
    node = next
  }
  return offset
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'range' in value
}

function startOf(value: unknown): number | undefined {
  return isNode(value) ? value.range?.[0] : undefined
}
