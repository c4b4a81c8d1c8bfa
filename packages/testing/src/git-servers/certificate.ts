import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const execute = promisify(execFile)

export interface Certificate {
  readonly caFile: string
  readonly certificateFile: string
  readonly keyFile: string
}

const LEAF =
  'basicConstraints=critical,CA:FALSE\nsubjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n'

/** A certificate for `localhost` and the authority that signed it, by openssl: Node reads certificates but makes none. */
export async function makeCertificate(directory: string): Promise<Certificate> {
  const file = (name: string): string => join(directory, name)
  const openssl = async (...args: readonly string[]): Promise<unknown> => execute('openssl', [...args])
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const ca = ['-x509', '-days', '30', '-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=keyCertSign']
  await writeFile(file('leaf.ext'), LEAF)
  await openssl('req', ...key, ...ca, '-subj', '/CN=Test CA', '-keyout', file('ca.key'), '-out', file('ca.crt'))
  await openssl('req', ...key, '-subj', '/CN=localhost', '-keyout', file('leaf.key'), '-out', file('leaf.csr'))
  const signing = ['-CA', file('ca.crt'), '-CAkey', file('ca.key'), '-CAcreateserial', '-extfile', file('leaf.ext')]
  await openssl('x509', '-req', '-days', '30', '-in', file('leaf.csr'), ...signing, '-out', file('leaf.crt'))
  return { caFile: file('ca.crt'), certificateFile: file('leaf.crt'), keyFile: file('leaf.key') }
}
