import { describe, expect, it } from 'vitest'
import { withoutShell } from './shell-words.ts'

describe('a command told with the shell that runs it', () => {
  it.each([
    ["/bin/bash -c 'cargo test --all'", 'cargo test --all'],
    ['/bin/bash -lc pwd', 'pwd'],
    [String.raw`/usr/bin/zsh -c "printf 'a\\n' > \"b c\""`, String.raw`printf 'a\n' > "b c"`],
    [String.raw`/bin/bash -c "echo \"["'$KEY]"; true'`, 'echo "[$KEY]"; true'],
    ["/bin/sh -c 'one\ntwo'", 'one\ntwo'],
    ['cargo test', 'cargo test'],
    ['/bin/bash script.sh', '/bin/bash script.sh'],
  ])('%j is %j', (told, command) => {
    expect(withoutShell(told)).toBe(command)
  })
})
