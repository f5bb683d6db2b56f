import type { PkiError, PkiErrorCode } from '../error.ts';

/** Status of each refusal; what is not here is the request's fault: 400. */
const statuses: Partial<Record<PkiErrorCode, number>> = {
  'token-missing': 401,
  'token-wrong': 401,
  'token-used': 401,
  'token-expired': 401,
  'certificate-required': 401,
  'certificate-refused': 403,
  denied: 403,
  'binding-required': 403,
  'binding-mismatch': 403,
  'approval-pending': 202,
  'subject-mismatch': 403,
  'key-revoked': 403,
  'key-in-use': 403,
  'unknown-device': 403,
  'body-too-large': 413,
  busy: 503,
  'key-unavailable': 503,
  'wrong-pin': 503,
  conflict: 503,
};

const authenticate = 'Basic realm="enrolment", charset="UTF-8"';

/** A plain-text answer `code: message`, as RFC 7030 section 4.2.3 allows for errors. */
export function problem(error: PkiError): Response {
  const status = statuses[error.code] ?? 400;
  return new Response(`${error.code}: ${error.message}\n`, {
    status,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      ...(status === 401 ? { 'www-authenticate': authenticate } : {}),
      ...(status === 503 ? { 'retry-after': '2' } : {}),
      ...(status === 202 ? { 'retry-after': '60' } : {}),
    },
  });
}

/** A refusal that is about the address or the method, not about what was sent. */
export function plain(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(`${text}\n`, {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', ...headers },
  });
}
