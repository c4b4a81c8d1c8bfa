export type Colour = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'
export type Paint = (colour: Colour, text: string) => string

/** For readers that know no colours. */
export const PLAIN: Paint = (_colour, text) => text
