import type { Problem } from '@kydai/contracts';
import { PolicyError } from '../error.ts';

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  413: 'Content Too Large',
  500: 'Internal Server Error',
};

/** A refused HTTP request, on its way to an RFC 9457 problem document. */
export class Refusal extends Error {
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    detail: string,
    errors?: Problem['errors'],
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail);
    this.problem = {
      type: 'about:blank',
      title: titles[status] ?? 'Error',
      status,
      detail,
      code,
      ...(errors && { errors }),
    };
    this.headers = headers;
  }
}

/** A malformed request is the caller's mistake; anything else is ours and tells nothing. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof PolicyError && (error.code === 'request' || error.code === 'limit')) {
    return new Refusal(400, error.code, error.message);
  }
  return new Refusal(500, 'internal', 'the request could not be answered');
}
