const PATIENCE_MS = 3000

/** What `/readyz` says when it does not say yes. */
export async function whyUnready(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(PATIENCE_MS) })
    const text = await response.text()
    return response.ok ? undefined : text
  } catch {
    return 'no answer'
  }
}
