import { describe, expect, it } from 'vitest'
import { createPlaces } from './places.ts'

/** What is wrong with a value where `@` stands. */
function problem(format: 'sh' | 'json', text: string, helper = 'value'): string | undefined {
  const places = createPlaces(format)
  const [before = ''] = text.split('@')
  places.pass(before)
  return places.problemWith(helper)
}

describe('a value in a shell script', () => {
  it.each([
    ['name=@'],
    ['cd -- @ && run'],
    ['# a comment\ncd @'],
    [`echo "a" 'b' \`c\` @`],
    ['echo \\" @'],
    ["echo $'it\\'s' @"],
    ['echo $# a#b ${x#y} @'],
    ['cat <<EOF\n"\nEOF\necho @'],
    ["cat <<-'END'\n\t`\n\tEND\necho @"],
    ['x=$(cat @)'],
    ['grep <<< word @'],
    ['sh script.sh @'],
  ])('may be a word: %j', (text) => {
    expect(problem('sh', text)).toBeUndefined()
  })

  it.each([
    ['echo "@"', 'double quotes'],
    ["echo '@'", 'single quotes'],
    ["echo $'@'", 'single quotes'],
    ['echo `cat @`', 'backticks'],
    ['echo "$(cat @)"', 'double quotes'],
    ['# about @', 'a comment'],
    ['run # about @', 'a comment'],
    ['cat <<EOF\n@', 'a here-document'],
    ["cat <<'A' <<B\nA\n@", 'a here-document'],
    ['eval @', 'once more'],
    ['bash -c @', 'once more'],
    ['env sh -eu -c @', 'once more'],
  ])('may be nothing else: %j', (text, where) => {
    expect(problem('sh', text)).toContain(where)
  })
})

describe('a value in JSON', () => {
  it.each([
    ['{"a": "@"}', 'value'],
    ['{"a": "x \\" @"}', 'value'],
    ['{"a": @}', 'json'],
    ['["\\\\", @]', 'json'],
  ])('is within a string, or whole: %s', (text, helper) => {
    expect(problem('json', text, helper)).toBeUndefined()
  })

  it.each([
    ['{"a": @}', 'value', '{{json value}}'],
    ['{"a": "@"}', 'json', 'take the quotes away'],
  ])('is nothing else: %s by %s', (text, helper, remedy) => {
    expect(problem('json', text, helper)).toContain(remedy)
  })
})
