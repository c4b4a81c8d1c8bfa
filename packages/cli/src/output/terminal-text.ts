import { printable } from '@orchestrator/shared/core'

/** What `paint` writes. */
// oxlint-disable-next-line no-control-regex -- Escapes are what it is for.
const OWN_COLOURS = /(\u001B\[(?:1|2|22|31|32|33|36|39)m)/

/**
 * A text with nothing in it that a terminal obeys but our colours, whoever wrote its parts: what a server answers is not
 * checked field by field.
 */
export function terminalText(text: string): string {
  return text
    .split(OWN_COLOURS)
    .map((part, index) => (index % 2 === 1 ? part : printable(part)))
    .join('')
}
