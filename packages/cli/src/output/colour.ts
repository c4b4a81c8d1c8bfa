/** Whether to write colours. Pure. */

export type ColourChoice = 'auto' | 'always' | 'never'

export interface ColourFacts {
  /** As given for this call. */
  readonly choice: ColourChoice
  /** `NO_COLOR`, `FORCE_COLOR` and `TERM` as they are in the environment. */
  readonly noColour: string | undefined
  readonly forceColour: string | undefined
  readonly term: string | undefined
  readonly isTerminal: boolean
}

/** What was said for this call goes before the environment, and who wants none before who wants some. */
export function isColoured({ choice, noColour = '', forceColour = '', term, isTerminal }: ColourFacts): boolean {
  if (choice !== 'auto') return choice === 'always'
  if (noColour !== '') return false
  if (forceColour !== '') return forceColour !== '0' && forceColour !== 'false'
  return isTerminal && term !== 'dumb'
}
