/** What documents say in tables, so that a test can hold it against the code. */

/** The text below a heading of the second level, up to the next one. */
export function sectionOf(document: string, heading: string): string {
  const [, section] = document.split(`\n## ${heading}\n`)
  if (section === undefined) throw new Error(`there is no section "${heading}"`)
  return section.split('\n## ')[0] ?? ''
}

/** The cells of all rows of all tables, without heads. */
export function tableRows(text: string): readonly (readonly string[])[] {
  const rows = text.split('\n').map((line) => (line.startsWith('| ') ? cells(line) : undefined))
  return rows
    .filter((row, i) => row !== undefined && !isRule(row) && !isRule(rows[i + 1]))
    .filter((row) => row !== undefined)
}

function cells(line: string): string[] {
  const inner = line.replace(/^\||\|$/g, '').split(/(?<!\\)\|/)
  return inner.map((cell) => cell.trim())
}

function isRule(row: readonly string[] | undefined): boolean {
  return row?.[0] === '---'
}
