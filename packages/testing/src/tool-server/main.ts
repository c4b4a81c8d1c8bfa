/**
 * `node main.ts <tool>…`: a tool server over standard input and output. Each of its tools answers with its own name,
 * what it was asked, the folder that it works in and the arguments that it was started with after `--`.
 */
import { serveStdio } from './stdio-server.ts'

const separator = process.argv.indexOf('--')
const end = separator === -1 ? process.argv.length : separator
const tools = process.argv.slice(2, end)
const given = process.argv.slice(end + 1)

await serveStdio({
  list: async () => await Promise.resolve(tools),
  call: async ({ name, arguments: asked }) => {
    const answer = JSON.stringify({ tool: name, asked, directory: process.cwd(), given })
    return await Promise.resolve(tools.includes(name) ? answer : undefined)
  },
})
