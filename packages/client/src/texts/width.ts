/** How much room text takes on a terminal. Pure. */

// Escape characters are what the pattern is for.
// oxlint-disable-next-line no-control-regex
const STYLE = /(\u001B\[[0-9;]*m)/
const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]/u
/** Joiners, marks of direction, and accents with nothing to stand on. */
const NARROWEST = /^(?:\p{M}|\p{Cf})+$/u
const characters = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

function charactersOf(text: string): readonly string[] {
  return Array.from(characters.segment(text), ({ segment }) => segment)
}

function widthOf(character: string): number {
  if (NARROWEST.test(character)) return 0
  return WIDE.test(character) ? 2 : 1
}

export function displayWidth(text: string): number {
  const plain = text.split(STYLE).filter((part) => !STYLE.test(part))
  return charactersOf(plain.join('')).reduce((width, character) => width + widthOf(character), 0)
}

/** Cuts what is seen to `width` columns and says so with an ellipsis; styles stay whole. */
export function cutToWidth(text: string, width: number): string {
  if (displayWidth(text) <= width) return text
  let room = width - 1
  const parts = text.split(STYLE).map((part) => {
    if (STYLE.test(part)) return part
    const { kept, left } = cutPart(part, room)
    room = left
    return kept
  })
  return `${parts.join('')}…`
}

function cutPart(part: string, room: number): { readonly kept: string; readonly left: number } {
  let kept = ''
  let left = room
  for (const character of charactersOf(part)) {
    const width = widthOf(character)
    // Nothing of a later part may follow a character that did not fit.
    if (width > left) return { kept, left: 0 }
    kept += character
    left -= width
  }
  return { kept, left }
}
