import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { writeWhole } from '../commands/output.ts';
import { SbomError } from '../error.ts';

export interface DownloadOptions {
  readonly url: string;
  /** Path of the complete file; beside it lie `.part` while it is under way, and `.stamp` with the validators. */
  readonly path: string;
  readonly fetch: typeof fetch;
  /** Bytes so far, and in all where the server says so. */
  readonly onProgress?: (bytes: number, total: number | undefined) => void;
  readonly limits?: Partial<DownloadLimits>;
}

export interface DownloadLimits {
  readonly bytes: number;
  /** A server that sends nothing for so long is given up. Milliseconds. */
  readonly stallMs: number;
  readonly attempts: number;
  /** Pause before the second attempt, doubled for each further one. Milliseconds. */
  readonly pauseMs: number;
}

export type DownloadOutcome = 'complete' | 'resumed' | 'unchanged';

const defaults: DownloadLimits = { bytes: 8 * 1024 ** 3, stallMs: 30_000, attempts: 4, pauseMs: 1000 };
const Stamp = z.object({ url: z.string(), etag: z.string(), modified: z.string() });
type Stamp = z.infer<typeof Stamp>;

/**
 * Fetches one file. What an earlier run left is completed by a range request under `If-Range` (RFC 9110 section 13.1.5),
 * so that halves of two different files are never joined; a file that is there already is asked for under its validator.
 *
 * INVARIANT: at `path` there is only ever a file whose length the server confirmed.
 *
 * @throws SbomError `mirror` where the server refuses or breaks off, `too-large`
 */
export async function download(options: DownloadOptions): Promise<DownloadOutcome> {
  const limits = { ...defaults, ...options.limits };
  await mkdir(dirname(options.path), { recursive: true });
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once(options, limits);
    } catch (error) {
      if (error instanceof SbomError && (error.code !== 'mirror' || (error.cause as Refusal)?.final))
        throw error;
      if (attempt >= limits.attempts) {
        if (error instanceof SbomError) throw error;
        const reason = (error as Error).cause ?? error;
        throw fault(options.url, `broke off: ${(reason as Error).message}`, false, error);
      }
      await new Promise((resolve) => setTimeout(resolve, limits.pauseMs * 2 ** (attempt - 1)));
    }
  }
}

interface Refusal {
  readonly final: boolean;
}

async function once(options: DownloadOptions, limits: DownloadLimits): Promise<DownloadOutcome> {
  const { url, path } = options;
  const part = `${path}.part`;
  const have = readStamp(`${path}.stamp`, url);
  const partial = existsSync(part) ? readStamp(`${part}.stamp`, url) : undefined;
  const validator = partial === undefined ? '' : strong(partial);
  const from = validator === '' ? 0 : statSync(part).size;
  const stalled = new AbortController();
  let timer = setTimeout(() => stalled.abort(), limits.stallMs);
  try {
    const response = await options.fetch(url, {
      signal: stalled.signal,
      headers: {
        // A compressed transfer has no ranges, and the files are archives already.
        'accept-encoding': 'identity',
        ...(from > 0 ? { range: `bytes=${from}-`, 'if-range': validator } : {}),
        ...(from === 0 && have !== undefined && existsSync(path) ? conditions(have) : {}),
      },
    });
    if (response.status === 304) return 'unchanged';
    if (response.status === 416) {
      rmSync(part, { force: true });
      throw fault(url, 'does not know the part that is here', false);
    }
    if (response.status !== 200 && response.status !== 206) {
      await response.body?.cancel();
      throw fault(url, `answered ${response.status}`, response.status < 500 && response.status !== 429);
    }
    const range = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(response.headers.get('content-range') ?? '');
    const resumed = response.status === 206;
    if (resumed && Number(range?.[1] ?? -1) !== from)
      throw fault(url, 'sent another part than was asked for', true);
    const length = response.headers.get('content-length');
    const total = resumed ? Number(range![3]) : length === null ? undefined : Number(length);
    if ((total ?? 0) > limits.bytes) throw tooLarge(url, limits.bytes);
    const stamp: Stamp = {
      url,
      etag: response.headers.get('etag') ?? '',
      modified: response.headers.get('last-modified') ?? '',
    };
    writeWhole(`${part}.stamp`, JSON.stringify(stamp));
    const handle = openSync(part, resumed ? 'a' : 'w', 0o644);
    let at = resumed ? from : 0;
    try {
      for await (const chunk of response.body ?? []) {
        clearTimeout(timer);
        timer = setTimeout(() => stalled.abort(), limits.stallMs);
        for (let sent = 0; sent < chunk.length; ) sent += writeSync(handle, chunk, sent);
        at += chunk.length;
        if (at > limits.bytes) throw tooLarge(url, limits.bytes);
        options.onProgress?.(at, total);
      }
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    if (total !== undefined && at !== total) throw fault(url, `sent ${at} of ${total} bytes`, false);
    renameSync(part, path);
    renameSync(`${part}.stamp`, `${path}.stamp`);
    return resumed ? 'resumed' : 'complete';
  } finally {
    clearTimeout(timer);
  }
}

/** Only a strong validator may join parts: RFC 9110 section 13.1.5. */
function strong(stamp: Stamp): string {
  return stamp.etag.startsWith('"') ? stamp.etag : '';
}

function conditions(stamp: Stamp): Record<string, string> {
  if (stamp.etag !== '') return { 'if-none-match': stamp.etag };
  return stamp.modified === '' ? {} : { 'if-modified-since': stamp.modified };
}

function readStamp(path: string, url: string): Stamp | undefined {
  try {
    const stamp = Stamp.parse(JSON.parse(readFileSync(path, 'utf8')));
    return stamp.url === url ? stamp : undefined;
  } catch {
    return undefined;
  }
}

function tooLarge(url: string, limit: number): SbomError {
  return new SbomError('too-large', `\`${url}\` has more than the ${limit} bytes allowed`);
}

function fault(url: string, what: string, final: boolean, cause?: unknown): SbomError {
  const refusal: Refusal & { readonly because: unknown } = { final, because: cause };
  return new SbomError('mirror', `\`${url}\` ${what}; run the update again to go on`, { cause: refusal });
}

/** A file name for any name of an ecosystem: what is left out is told apart by a digest. */
export function fileNameFor(name: string): string {
  const plain = name.replace(/[^\w.-]/g, '_').replace(/^\.+/, '_');
  return plain === name ? plain : `${plain}-${createHash('sha256').update(name).digest('hex').slice(0, 8)}`;
}
