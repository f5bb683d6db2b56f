import type { DecisionView, Problem } from '@kydai/contracts';

/** A problem document with what some of them add: the place in a query or a file, the policies that stood in the way. */
export type Refusal = Partial<Problem> & {
  readonly column?: number;
  /** Where a policy is wrong. */
  readonly file?: string;
  readonly line?: number;
  readonly determining?: DecisionView['determining'];
};

/** An answer that says no: a problem document of the server (RFC 9457), or the network's silence as status 0. */
export class ApiError extends Error {
  readonly status: number;
  readonly problem: Refusal | undefined;

  constructor(status: number, problem?: Refusal) {
    super(problem?.detail ?? problem?.title ?? `status ${status}`);
    this.name = 'ApiError';
    this.status = status;
    this.problem = problem;
  }
}

/** Difference of the server's clock to ours, milliseconds; small differences are taken as none. */
let clockOffset = 0;

/** The server's time as well as we know it: deadlines are counted by it, not by the reader's clock. */
export function serverNow(): number {
  return Date.now() + clockOffset;
}

function learnClock(response: Response): void {
  const date = Date.parse(response.headers.get('date') ?? '');
  if (Number.isNaN(date)) return;
  const offset = date - Date.now();
  clockOffset = Math.abs(offset) > 3000 ? offset : 0;
}

async function call<T>(path: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: 'same-origin', ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0);
  }
  learnClock(response);
  const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '');
  const body: unknown = isJson ? await response.json().catch(() => undefined) : undefined;
  if (!response.ok) throw new ApiError(response.status, body as Refusal | undefined);
  return body as T;
}

/** Parameters that are undefined or empty are left out. */
export function withParameters(
  path: string,
  parameters: Readonly<Record<string, string | number | undefined>>,
): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== '') search.set(name, String(value));
  }
  const text = search.toString();
  return text ? `${path}?${text}` : path;
}

/** Reads one resource. Rejects with `ApiError`. */
export function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return call<T>(path, { headers: { accept: 'application/json' }, ...(signal ? { signal } : {}) });
}

/** Asks for a change; the header proves that the request was made by this page and not by another site. */
export function post<T>(path: string, body: unknown = {}): Promise<T> {
  return call<T>(path, {
    method: 'POST',
    headers: { accept: 'application/json', 'content-type': 'application/json', 'x-kydai-csrf': '1' },
    body: JSON.stringify(body),
  });
}

/** Asks for something to be taken away. */
export function remove<T>(path: string): Promise<T> {
  return call<T>(path, {
    method: 'DELETE',
    headers: { accept: 'application/json', 'x-kydai-csrf': '1' },
  });
}
