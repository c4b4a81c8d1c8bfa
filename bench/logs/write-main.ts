/** Writes lines as runners do, in a process of its own: `fork`ed, it takes one order and answers when all is written. */
import { type FileHandle, open } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { WriteOrder } from './orders.ts'

/** Between two writes to a file: what an agent writes at once. */
const TURN_MS = 10
const TURN_LINES_MAX = 5000
const TEXT = 'Compiling order-book v0.1.0: 14 warnings emitted, see the crate documentation for details of each lint'

process.on('message', (order: WriteOrder) => {
  void write(order).then(() => process.send?.('written'))
})

async function write({ files, lines, linesPerSecond }: WriteOrder): Promise<void> {
  const handles = await Promise.all(files.map((file) => open(file, 'a')))
  const startedMs = performance.now()
  for (let written = 0; written < lines;) {
    const perFile = ((performance.now() - startedMs) / 1000) * ((linesPerSecond ?? 0) / files.length)
    const due = linesPerSecond === null ? written + TURN_LINES_MAX : Math.floor(perFile)
    const until = Math.min(lines, due)
    if (until > written) for (const handle of handles) await append(handle, { from: written + 1, until })
    written = until
    if (linesPerSecond !== null) await delay(TURN_MS)
  }
  await Promise.all(handles.map((handle) => handle.close()))
}

async function append(
  handle: FileHandle,
  { from, until }: { readonly from: number; readonly until: number },
): Promise<void> {
  const time = new Date().toISOString()
  let text = ''
  for (let seq = from; seq <= until; seq += 1)
    text += `{"seq":${seq},"time":"${time}","kind":"output","stream":"stdout","text":"${TEXT}"}\n`
  await handle.write(text)
}
