/** Texts as they are kept: what is different each time has the same name in all of them. */
export type Names = Readonly<Record<string, string>>

/** @param names what is written instead of which value of this run */
export function normalise(text: string, names: Names): string {
  const named = Object.entries(names).reduce((told, [name, value]) => told.replaceAll(value, `<${name}>`), text)
  return `${named
    .replaceAll(/\d{4}-\d{2}-\d{2}T[\d:.]+Z/g, '<time>')
    .replaceAll(/\b\d{2}:\d{2}:\d{2}\b/g, '<clock>')
    .replaceAll(/\b(?:\d+d \d+h|\d+h \d{2}m|\d+m \d{2}s|\d+s)\b/g, '<duration>')
    .replaceAll(/\b[0-9a-f]{10,40}\b/g, '<sha>')
    // A column is as wide as its widest cell.
    .replaceAll(/(TIME|<duration>) +/g, '$1  ')}\n`
}
