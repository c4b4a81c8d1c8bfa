/**
 * `node --import replace-machine.ts main.ts`: launcher and watcher as they are, on a machine without work. They have no
 * door for another runtime and observer yet, so the modules that make theirs are exchanged as they are loaded.
 */
import { registerHooks } from 'node:module'

const REPLACEMENTS = {
  '/launcher/src/runtimes/process/process-runtime.ts': new URL('runtime.ts', import.meta.url).href,
  '/watcher/src/observers/process/process-observer.ts': new URL('observer.ts', import.meta.url).href,
}

registerHooks({
  resolve: (specifier, context, nextResolve) => {
    const resolved = nextResolve(specifier, context)
    const found = Object.entries(REPLACEMENTS).find(([path]) => resolved.url.endsWith(path))
    return found === undefined ? resolved : { ...resolved, url: found[1] }
  },
})
