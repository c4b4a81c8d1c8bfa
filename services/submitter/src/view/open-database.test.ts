import { access, readFile, writeFile } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { temporaryDirectory } from '@orchestrator/testing'
import { describe, expect, it } from 'vitest'
import { openDatabase } from './open-database.ts'

const isThere = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  )

const attemptsIn = (database: DatabaseSync): unknown => database.prepare('SELECT count(*) AS count FROM attempts').get()

function addAttempt(database: DatabaseSync): void {
  database.exec("INSERT INTO attempts (service, tag, task_id, n) VALUES ('trader', 'master', '1', 1)")
}

describe('openDatabase', () => {
  it('makes a file that is missing, and finds it again', async () => {
    await using directory = await temporaryDirectory()
    const file = `${directory.path}/view.sqlite`
    const first = openDatabase(file)
    addAttempt(first)
    first.close()
    using again = openDatabase(file)
    expect(attemptsIn(again)).toEqual({ count: 1 })
  })

  it('makes anew a file of another release', async () => {
    await using directory = await temporaryDirectory()
    const file = `${directory.path}/view.sqlite`
    const older = openDatabase(file)
    addAttempt(older)
    older.exec('PRAGMA user_version = 999')
    older.close()
    using newer = openDatabase(file)
    expect(attemptsIn(newer)).toEqual({ count: 0 })
    expect(await isThere(`${file}.damaged`)).toBe(false)
  })

  it.each([
    ['text', Buffer.from('notes of somebody\n'.repeat(500))],
    ['a cut header', Buffer.from('SQLite format 3\u0000')],
  ])('sets a file aside that is no database: %s', async (_title, content) => {
    await using directory = await temporaryDirectory()
    const file = `${directory.path}/view.sqlite`
    await writeFile(file, content)
    using made = openDatabase(file)
    expect(attemptsIn(made)).toEqual({ count: 0 })
    expect(await readFile(`${file}.damaged`)).toEqual(content)
  })

  it('sets aside a view with damaged pages', async () => {
    await using directory = await temporaryDirectory()
    const file = `${directory.path}/view.sqlite`
    const whole = openDatabase(file)
    for (let i = 0; i < 200; i += 1)
      whole.exec(`INSERT INTO attempts (service, tag, task_id, n, agent) VALUES ('s', 't', '1', ${i}, 'name${i}')`)
    whole.close()
    const bytes = await readFile(file)
    bytes.fill(0x5a, 4096)
    await writeFile(file, bytes)
    using made = openDatabase(file)
    expect(attemptsIn(made)).toEqual({ count: 0 })
    expect(await isThere(`${file}.damaged`)).toBe(true)
  })

  it("sets aside another program's database", async () => {
    await using directory = await temporaryDirectory()
    const file = `${directory.path}/view.sqlite`
    const other = new DatabaseSync(file)
    other.exec('CREATE TABLE precious (a); INSERT INTO precious VALUES (1)')
    other.close()
    using made = openDatabase(file)
    expect(attemptsIn(made)).toEqual({ count: 0 })
    using kept = new DatabaseSync(`${file}.damaged`)
    expect(kept.prepare('SELECT a FROM precious').get()).toEqual({ a: 1 })
  })

  it('refuses a file that another replica has open, or that cannot be written', async () => {
    await using directory = await temporaryDirectory()
    const file = `${directory.path}/view.sqlite`
    using first = openDatabase(file)
    expect(() => openDatabase(file)).toThrow(/VIEW_FILE=.*is in use by another process/)
    expect(attemptsIn(first)).toEqual({ count: 0 })
    expect(() => openDatabase(`${directory.path}/missing/view.sqlite`)).toThrow(/cannot be opened for writing/)
    expect(() => openDatabase(directory.path)).toThrow(/cannot be opened for writing/)
  })
})
