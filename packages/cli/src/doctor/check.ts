/** One thing that must be right for an installation to work. */
export interface Check {
  readonly name: string
  readonly run: () => Promise<Finding>
}

export interface Finding {
  readonly state: 'ok' | 'warn' | 'fail'
  readonly text: string
  /** What to do; with `warn` and `fail`. */
  readonly remedy?: string
}

export const ok = (text: string): Finding => ({ state: 'ok', text })
export const warn = (text: string, remedy: string): Finding => ({ state: 'warn', text, remedy })
export const fail = (text: string, remedy: string): Finding => ({ state: 'fail', text, remedy })
