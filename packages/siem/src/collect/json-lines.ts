import { plainAddress } from '../normalise/address.ts';
import { withFault } from '../normalise/fault.ts';
import { BodyReader } from './body.ts';
import { decodeFrame } from './frames.ts';
import type { Intake, ReadFrame } from './intake.ts';
import { type HttpLimits, httpLimits } from './limits.ts';
import { bodyLines } from './lines.ts';

/** Who sent a request. */
export interface Peer {
  readonly address: string;
  /** Name of the token or certificate that it came with, which then names the source instead of the address. */
  readonly name?: string;
}

/** A collector as a plain fetch handler; whoever serves HTTP mounts it. */
export type CollectorHandler = (request: Request, peer: Peer) => Promise<Response>;

export interface JsonLinesOptions {
  readonly intake: Intake;
  readonly limits?: Partial<HttpLimits>;
}

/** The answer to a body: `received` = `kept` + the number of `refused`. Lines count from 1 (array items too). */
export interface JsonLinesAnswer {
  readonly received: number;
  readonly kept: number;
  readonly refused: readonly { readonly line: number; readonly reason: string }[];
}

interface Item {
  readonly number: number;
  readonly frame: ReadFrame;
}

/**
 * POST of JSON documents: one a line (NDJSON), a JSON array, or a single document. A line that is no JSON object is
 * refused and named in the answer; the others are kept. Status 200 when something was kept or nothing was sent, 400
 * when every line was refused, 413, 415, 408, 429 (with Retry-After, nothing kept) and 503 (the store refuses).
 */
export function createJsonLinesHandler(options: JsonLinesOptions): CollectorHandler {
  const { intake } = options;
  const limits = httpLimits(options.limits);
  const bodies = new BodyReader(limits);

  return async (request, peer) => {
    if (request.method !== 'POST') {
      return Response.json(
        { error: 'send documents with POST' },
        { status: 405, headers: { allow: 'POST' } },
      );
    }
    const account = intake.account('http', peer.name ?? plainAddress(peer.address));
    const retry = { 'retry-after': String(limits.retryAfter) };
    if (intake.closing || intake.storeFailing) {
      account.note('request-while-store-fails');
      return Response.json(
        { error: 'the store takes nothing now; send again' },
        { status: 503, headers: retry },
      );
    }
    if (!intake.hasRoom(1, 0)) {
      account.note('request-while-full');
      return Response.json({ error: 'the queue is full; send again' }, { status: 429, headers: retry });
    }
    const read = await bodies.read(request);
    if ('status' in read) {
      const { status, reason } = read;
      account.refuse(reason, 0, intake.clock.now());
      const headers = status === 429 ? retry : {};
      return Response.json({ error: `the body was refused: ${reason}` }, { status, headers });
    }
    try {
      const refused: { line: number; reason: string }[] = [];
      const now = intake.clock.now();
      const items: Item[] = [];
      for (const item of readItems(read.body, limits.lineBytes)) {
        if (items.length + refused.length >= limits.lines) {
          account.refuse('too-many-lines', read.body.length, now);
          return Response.json(
            { error: `more than ${limits.lines} lines; send less at once` },
            { status: 413 },
          );
        }
        if ('reason' in item) refused.push({ line: item.number, reason: item.reason });
        else {
          const normalised = withFault(
            intake.normaliser.document(item.document, now, account.source),
            item.fault,
          );
          items.push({ number: item.number, frame: { raw: item.raw, bytes: item.bytes, normalised } });
        }
      }
      const frames = items.map((item) => item.frame);
      const submitted = intake.submit(account, frames);
      if (!submitted) {
        account.note('request-while-full');
        const bytes = frames.reduce((sum, frame) => sum + frame.bytes, 0);
        if (frames.length > intake.limits.queueFrames || bytes > intake.limits.queueBytes) {
          account.refuse('body-too-large', bytes, now, frames.length + refused.length);
          return Response.json(
            { error: 'the body is larger than the queue; send less at once' },
            { status: 413 },
          );
        }
        return Response.json({ error: 'the queue is full; send again' }, { status: 429, headers: retry });
      }
      for (const { reason } of refused) account.refuse(reason, 0, now);
      const outcomes = await submitted;
      let kept = 0;
      for (let index = 0; index < outcomes.length; index++) {
        if (outcomes[index] === 'kept') kept++;
        else refused.push({ line: items[index]!.number, reason: 'store-failed' });
      }
      const answer: JsonLinesAnswer = { received: kept + refused.length, kept, refused };
      if (kept === 0 && items.length > 0) return Response.json(answer, { status: 503, headers: retry });
      return Response.json(answer, { status: kept === 0 && refused.length > 0 ? 400 : 200 });
    } finally {
      read.release();
    }
  };
}

type RawItem =
  | { number: number; reason: string }
  | { number: number; document: object; raw: string; bytes: number; fault: string | undefined };

function* readItems(body: Buffer, lineBytes: number): Generator<RawItem> {
  const first = body.findIndex((byte) => byte > 32);
  if (first >= 0 && body[first] === 91) {
    yield* readArray(body, lineBytes);
    return;
  }
  let seen = 0;
  for (const line of bodyLines(body, lineBytes)) {
    if (seen++ === 0 && line.text.trim() === '{') {
      // A single document over several lines, as people write it by hand.
      const whole = decodeFrame(body);
      const document = parse(whole.text);
      if (isObject(document)) {
        yield { number: 1, document, raw: whole.text.trim(), bytes: body.length, fault: whole.fault };
        return;
      }
    }
    if (line.tooLong) yield { number: line.number, reason: 'line-too-long' };
    else {
      const document = parse(line.text);
      if (isObject(document)) {
        yield { number: line.number, document, raw: line.text, bytes: line.bytes, fault: line.fault };
      } else if (line.text.trim() !== '') {
        yield { number: line.number, reason: document === undefined ? 'not-json' : 'not-an-object' };
      }
    }
  }
}

function* readArray(body: Buffer, lineBytes: number): Generator<RawItem> {
  const { text, fault } = decodeFrame(body);
  const list = parse(text);
  if (!Array.isArray(list)) {
    yield { number: 1, reason: 'not-json' };
    return;
  }
  for (let index = 0; index < list.length; index++) {
    const document: unknown = list[index];
    const number = index + 1;
    if (!isObject(document)) {
      yield { number, reason: 'not-an-object' };
      continue;
    }
    let raw: string;
    try {
      raw = JSON.stringify(document);
    } catch {
      yield { number, reason: 'nested-too-deep' };
      continue;
    }
    if (raw.length > lineBytes) yield { number, reason: 'line-too-long' };
    else yield { number, document, raw, bytes: Buffer.byteLength(raw), fault };
  }
}

/** The value, or undefined where the text is no JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text) ?? null;
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
