/** Scripts for shells. They know nothing but how to ask the program, so they are never out of date. Pure. */

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/** Stands for the names of files, which the shell lists. */
export const FILES = ':files'

export interface ScriptOptions {
  /** What people type: the last part of a path. */
  readonly name: string
  /** A name on the PATH, or an absolute path. */
  readonly program: string
}

const SCRIPTS: Record<Shell, (options: ScriptOptions) => string> = {
  bash: ({ name, program }) => `# Completion of ${name} for bash: source <(${name} completion bash)
_orchestrator() {
  local value description
  COMPREPLY=()
  while IFS=$'\\t' read -r value description; do
    if [ "$value" = ${FILES} ]; then
      compopt -o default
    else
      COMPREPLY+=("$value")
    fi
  done < <(${quote(program)} complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _orchestrator ${quote(name)}`,

  zsh: ({ name, program }) => `#compdef ${name}
# Completion of ${name} for zsh: source <(${name} completion zsh), after compinit
_orchestrator() {
  local line value description
  local -a values
  while IFS=$'\\t' read -r value description; do
    if [[ "$value" == ${FILES} ]]; then
      _files
    else
      values+=("\${value//:/\\\\:}:$description")
    fi
  done < <(${quote(program)} complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)
  (( \${#values} )) && _describe -V -t values ${quote(name)} values
}
if [[ "\${funcstack[1]}" == _orchestrator ]]; then
  _orchestrator "$@"
else
  compdef _orchestrator ${quote(name)}
fi`,

  fish: ({ name, program }) => `# Completion of ${name} for fish: ${name} completion fish | source
function __orchestrator_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  for line in (${quoteForFish(program)} complete -- $words[2..-1] "$current" 2>/dev/null)
    if test "$line" = ${FILES}
      __fish_complete_path "$current"
    else
      echo $line
    end
  end
end
complete -c ${quoteForFish(name)} -f -k -a '(__orchestrator_complete)'`,
}

export function completionScript(shell: Shell, options: ScriptOptions): string {
  return SCRIPTS[shell](options)
}

function quote(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`
}

function quoteForFish(word: string): string {
  return `'${word.replaceAll('\\', '\\\\').replaceAll("'", String.raw`\'`)}'`
}
