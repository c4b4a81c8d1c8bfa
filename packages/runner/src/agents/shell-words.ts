/** Commands as programs quote them for a shell. Pure. */

/** `/bin/bash -c 'cargo test'` is told for `cargo test`: quoted for a shell, in pieces where it holds quotes itself. */
export function withoutShell(told: string): string {
  const quoted = /^\/\S*\/(?:ba|z|da)?sh -l?c ([\s\S]+)$/.exec(told)?.[1]
  if (quoted === undefined) return told
  const pieces = quoted.match(/'[^']*'|"(?:\\[\s\S]|[^"\\])*"|\\[\s\S]|[^'"\\]+/g) ?? []
  return pieces.map(unquoted).join('')
}

function unquoted(piece: string): string {
  if (piece.startsWith("'")) return piece.slice(1, -1)
  return (piece.startsWith('"') ? piece.slice(1, -1) : piece).replaceAll(/\\([\s\S])/g, '$1')
}
