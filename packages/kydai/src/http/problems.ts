import { KydaiError } from '@kydai/contracts';
import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Logger } from 'pino';

/** Which HTTP status an error code means. What is not listed is our own fault: 500 without detail. */
const statusOf: Readonly<Record<string, ContentfulStatusCode>> = {
  invalid: 400,
  query: 400,
  usage: 400,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  'incident-unknown': 404,
  'run-unknown': 404,
  'decision-unknown': 404,
  'decision-size': 400,
  'unknown-device': 404,
  'unknown-certificate': 404,
  'transition-refused': 409,
  'step-not-waiting': 409,
  'device-exists': 409,
  'bad-name': 400,
  'bad-subject': 400,
  'bad-signature': 400,
  'weak-key': 400,
  'lint-failed': 400,
  'malformed-request': 400,
  'unsupported-attribute': 400,
  'unsupported-extension': 400,
  'unknown-profile': 400,
  'unknown-issuer': 404,
  'key-in-use': 409,
  'key-revoked': 409,
  'issuer-revoked': 409,
  denied: 403,
  'key-unavailable': 503,
  'wrong-pin': 503,
  'key-missing': 409,
  'key-mismatch': 400,
  'subject-mismatch': 400,
  'certificate-refused': 400,
  'malformed-pem': 400,
  'malformed-der': 400,
  'malformed-certificate': 400,
  'unsupported-algorithm': 400,
  'invalid-bom': 400,
  'too-large': 413,
  closed: 503,
  'disk-full': 503,
  'disk-failed': 503,
  unavailable: 503,
  cancelled: 504,
  busy: 503,
};

/** An RFC 9457 problem document. The one place where the API makes one. */
export function problem(
  c: Context,
  status: ContentfulStatusCode,
  code: string,
  detail: string,
  extra: Readonly<Record<string, unknown>> = {},
): Response {
  return c.json(
    { type: `urn:kydai:problem:${code}`, title: titleOf(status), status, detail, code, ...extra },
    status,
    {
      'content-type': 'application/problem+json',
    },
  );
}

/** Turns whatever was thrown into a problem document; stack traces and causes stay in the log. */
export function problemOf(c: Context, error: unknown, log: Logger): Response {
  if (error instanceof HTTPException)
    return problem(c, error.status, 'http', error.message || titleOf(error.status));
  if (error instanceof KydaiError) {
    const status = statusOf[error.code];
    const column = 'column' in error && typeof error.column === 'number' ? { column: error.column } : {};
    if (status !== undefined) return problem(c, status, error.code, error.message, column);
  }
  log.error({ err: error, path: c.req.path }, 'request failed');
  return problem(c, 500, 'internal', 'something went wrong here; the log of the server says what');
}

function titleOf(status: number): string {
  const titles: Record<number, string> = {
    400: 'Bad request',
    401: 'Sign in first',
    403: 'Not allowed',
    404: 'Not found',
    409: 'Conflict',
    413: 'Too large',
    415: 'Unsupported media type',
    429: 'Too many requests',
    503: 'Not available now',
  };
  return titles[status] ?? 'Failed';
}
