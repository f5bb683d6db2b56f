import { plainAddress } from '../normalise/address.ts';
import { BodyReader } from './body.ts';
import { decodeFrame } from './frames.ts';
import type { Intake } from './intake.ts';
import type { CollectorHandler } from './json-lines.ts';
import { type HttpLimits, httpLimits } from './limits.ts';
import { readExportRequest, WireFault, writeExportResponse, writeStatus } from './otlp-protobuf.ts';
import { otlpDocuments } from './otlp-records.ts';
import { type IdentifiedFrame, identified, Resent } from './resent.ts';

export interface OtlpLogsOptions {
  readonly intake: Intake;
  readonly limits?: Partial<HttpLimits>;
  /** What was taken lately, shared among the collectors of an intake. */
  readonly resent?: Resent;
}

/** google.rpc.Code of the HTTP statuses that are answered. */
const codes: ReadonlyMap<number, number> = new Map([
  [400, 3],
  [405, 12],
  [408, 4],
  [413, 8],
  [415, 3],
  [429, 8],
  [503, 14],
]);

/**
 * OTLP logs over HTTP (opentelemetry.io, OTLP 1.x, `POST /v1/logs`), protobuf and JSON. Each log record becomes one
 * event. 200 once they are durable, with a partial success that counts what was refused; 429 and 503 with Retry-After
 * are the two that exporters send again. A record has a time in nanoseconds, or an id (`log.record.uid`): one that is
 * sent again after an answer was lost is not stored twice.
 */
export function createOtlpLogsHandler(options: OtlpLogsOptions): CollectorHandler {
  const { intake } = options;
  const limits = httpLimits(options.limits);
  const bodies = new BodyReader(limits);
  const resent = options.resent ?? new Resent();

  return async (request, peer) => {
    const type = (request.headers.get('content-type') ?? '').split(';', 1)[0]!.trim().toLowerCase();
    const binary = type === 'application/x-protobuf' || type === 'application/protobuf';
    const refuse = (status: number, message: string): Response => {
      const code = codes.get(status) ?? 2;
      const headers: Record<string, string> = {
        'content-type': binary ? 'application/x-protobuf' : 'application/json',
        ...(status === 429 || status === 503 ? { 'retry-after': String(limits.retryAfter) } : {}),
      };
      const body = binary ? new Uint8Array(writeStatus(code, message)) : JSON.stringify({ code, message });
      return new Response(body, { status, headers });
    };

    if (request.method !== 'POST') return refuse(405, 'send logs with POST');
    const account = intake.account('http', peer.name ?? plainAddress(peer.address));
    if (!binary && type !== 'application/json') {
      account.refuse('unknown-media-type', 0, intake.clock.now());
      return refuse(415, 'send application/x-protobuf or application/json');
    }
    if (intake.closing || intake.storeFailing) {
      account.note('request-while-store-fails');
      return refuse(503, 'the store takes nothing now; send again');
    }
    if (!intake.hasRoom(1, 0)) {
      account.note('request-while-full');
      return refuse(429, 'the queue is full; send again');
    }
    const read = await bodies.read(request);
    if ('status' in read) {
      account.refuse(read.reason, 0, intake.clock.now());
      return refuse(read.status, `the body was refused: ${read.reason}`);
    }
    try {
      const now = intake.clock.now();
      const decoded = decode(read.body, binary);
      if (decoded === undefined) {
        account.refuse(binary ? 'not-protobuf' : 'not-json', read.body.length, now);
        return refuse(400, 'the body is not an ExportLogsServiceRequest');
      }
      const frames: IdentifiedFrame[] = [];
      let refused = 0;
      for (const record of otlpDocuments(decoded)) {
        if (frames.length + refused >= limits.lines) {
          account.refuse('too-many-lines', read.body.length, now);
          return refuse(413, `more than ${limits.lines} records; send less at once`);
        }
        const raw = record === undefined ? '' : JSON.stringify(record.document);
        if (record === undefined || raw.length > limits.lineBytes) refused++;
        else {
          const normalised = intake.normaliser.document(record.document, now, account.source);
          frames.push(identified({ raw, bytes: raw.length, normalised }, record.id));
        }
      }
      const submitted = resent.submit(intake, account, frames);
      if (!submitted) {
        if (frames.length > intake.limits.queueFrames) {
          account.refuse('body-too-large', read.body.length, now, frames.length);
          return refuse(413, 'the body is larger than the queue; send less at once');
        }
        account.note('request-while-full');
        return refuse(429, 'the queue is full; send again');
      }
      if (refused > 0) account.refuse('bad-record', 0, now, refused);
      const kept = (await submitted).filter((outcome) => outcome !== 'store-failed').length;
      if (kept === 0 && frames.length > 0) return refuse(503, 'the store failed; send again');
      const rejected = refused + frames.length - kept;
      const message = rejected === 0 ? '' : `${rejected} log records were not taken`;
      if (binary) {
        const body = new Uint8Array(writeExportResponse(rejected, message));
        return new Response(body, { headers: { 'content-type': 'application/x-protobuf' } });
      }
      return Response.json(
        rejected === 0
          ? {}
          : { partialSuccess: { rejectedLogRecords: String(rejected), errorMessage: message } },
      );
    } finally {
      read.release();
    }
  };
}

function decode(body: Buffer, binary: boolean): unknown {
  try {
    if (binary) return readExportRequest(body);
    const value: unknown = JSON.parse(decodeFrame(body).text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch (fault) {
    if (fault instanceof WireFault || fault instanceof SyntaxError || fault instanceof RangeError)
      return undefined;
    throw fault;
  }
}
