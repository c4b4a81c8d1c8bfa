/** Answers to what never became a request. Pure. */
import { STATUS_CODES } from 'node:http'
import { HttpRefusal, toProblem } from './problems.ts'

function rawAnswer(refusal: HttpRefusal): string {
  const body = JSON.stringify(toProblem(refusal).problem)
  return [
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(refusal.status === 503 ? ['Retry-After: 1'] : []),
    'Connection: close',
    '',
    body,
  ].join('\r\n')
}

const MALFORMED = rawAnswer(new HttpRefusal(400, 'REQUEST_MALFORMED', 'this is not HTTP'))
const TOO_SLOW = rawAnswer(new HttpRefusal(408, 'REQUEST_TOO_SLOW', 'the request did not arrive in time'))
const HEADERS_TOO_LARGE = rawAnswer(new HttpRefusal(431, 'HEADERS_TOO_LARGE', 'the headers are larger than 16 KiB'))

export const TOO_MANY_CONNECTIONS = rawAnswer(
  new HttpRefusal(503, 'TOO_MANY_CONNECTIONS', 'there are too many connections: this one was idle for longest'),
)

/** @param code of the error that Node's parser, or its clock, has reported */
export function rawAnswerTo(code: string | undefined): string {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return TOO_SLOW
  return code === 'HPE_HEADER_OVERFLOW' ? HEADERS_TOO_LARGE : MALFORMED
}
