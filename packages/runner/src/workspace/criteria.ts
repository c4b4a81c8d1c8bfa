/** The acceptance criteria of a task, from its Markdown. Pure. */

const ITEM = /^\s*(?:[-*+]|\d{1,9}[.)])\s+(?:\[[ xX]\]\s+)?(\S.*)$/
const FENCE = /^\s*(```|~~~)/
const MAX_CRITERIA = 200
const MAX_LENGTH = 500

/** Its list items, ticked or not, those in code blocks left out. */
export function readCriteria(markdown: string): readonly string[] {
  const criteria: string[] = []
  let isCode = false
  for (const line of markdown.split(/\r?\n/)) {
    if (FENCE.test(line)) isCode = !isCode
    const text = isCode ? undefined : ITEM.exec(line)?.[1]?.trim()
    if (text !== undefined && !/^(-\s*){2,}$|^(\*\s*){2,}$/.test(text)) criteria.push(text.slice(0, MAX_LENGTH))
  }
  return criteria.slice(0, MAX_CRITERIA)
}
