import { plainAddress } from '../normalise/address.ts';
import { BodyReader } from './body.ts';
import { answer, fault, type ItemAnswer } from './elastic-answer.ts';
import { type IngestRoute, readBulk } from './elastic-bulk.ts';
import { answerProbe } from './elastic-probes.ts';
import type { Intake, ReadFrame } from './intake.ts';
import type { CollectorHandler } from './json-lines.ts';
import { type HttpLimits, httpLimits } from './limits.ts';

export interface ElasticBulkOptions {
  readonly intake: Intake;
  readonly limits?: Partial<HttpLimits>;
  /** The Elasticsearch version that it presents itself as; shippers refuse a server older than themselves. */
  readonly version: string;
  /** Where the handler is mounted, such as `/elastic`; empty for the root. */
  readonly basePath?: string;
}

/**
 * As much of Elasticsearch's HTTP interface as shippers use to send events: the bulk API, single-document indexing,
 * and the probes before it. Filebeat, Fluent Bit, Vector, Logstash and the official clients work unchanged.
 *
 * Each document becomes one event. An item is answered with 201 only once its event is durable, with 400 where it is
 * no document, and with 503 where the store failed for it; shippers send 429 and 5xx items again. Under pressure the
 * whole request is answered with 429, and nothing of it is kept.
 */
export function createElasticBulkHandler(options: ElasticBulkOptions): CollectorHandler {
  const { intake, version } = options;
  const limits = httpLimits(options.limits);
  const bodies = new BodyReader(limits);
  const base = options.basePath ?? '';

  return async (request, peer) => {
    const url = new URL(request.url);
    const path = url.pathname.startsWith(base) ? url.pathname.slice(base.length) || '/' : url.pathname;
    const route = ingestRoute(request.method, path);
    if (!route) return answerProbe(request, path, version);

    const account = intake.account('bulk', peer.name ?? plainAddress(peer.address));
    const retry = { 'retry-after': String(limits.retryAfter) };
    if (intake.closing || intake.storeFailing) {
      account.note('request-while-store-fails');
      return fault(request, 503, 'cluster_block_exception', 'the store takes nothing now; send again', retry);
    }
    if (!intake.hasRoom(1, 0)) {
      account.note('request-while-full');
      return fault(request, 429, 'es_rejected_execution_exception', 'the queue is full; send again', retry);
    }
    const read = await bodies.read(request);
    if ('status' in read) {
      account.refuse(read.reason, 0, intake.clock.now());
      const type = read.status === 429 ? 'es_rejected_execution_exception' : 'parse_exception';
      return fault(
        request,
        read.status,
        type,
        `the body was refused: ${read.reason}`,
        read.status === 429 ? retry : {},
      );
    }
    try {
      const bulk = readBulk(read.body, {
        ...route,
        limits,
        normaliser: intake.normaliser,
        now: intake.clock.now(),
      });
      if ('broken' in bulk) {
        account.refuse(bulk.reason, read.body.length, intake.clock.now());
        const status = bulk.reason === 'too-many-lines' ? 413 : 400;
        return fault(request, status, 'illegal_argument_exception', bulk.broken, {});
      }
      const started = performance.now();
      const frames: ReadFrame[] = [];
      for (const item of bulk.items) if (item.frame) frames.push(item.frame);
      const submitted = intake.submit(account, frames);
      if (!submitted) {
        const bytes = frames.reduce((sum, frame) => sum + frame.bytes, 0);
        if (frames.length > intake.limits.queueFrames || bytes > intake.limits.queueBytes) {
          account.refuse('body-too-large', bytes, intake.clock.now(), bulk.items.length);
          return fault(
            request,
            413,
            'parse_exception',
            'the body is larger than the queue; send less at once',
            {},
          );
        }
        account.note('request-while-full');
        return fault(request, 429, 'es_rejected_execution_exception', 'the queue is full; send again', retry);
      }
      for (const item of bulk.items) if (item.reason) account.refuse(item.reason, 0, intake.clock.now());
      const outcomes = await submitted;
      let taken = 0;
      let errors = false;
      const items = bulk.items.map((item) => {
        const stored = item.frame ? outcomes[taken++] === 'kept' : false;
        if (!stored) errors = true;
        return { [item.action]: itemAnswer(item.index, item.id, stored, item.reason, item.detail) };
      });
      const took = Math.round(performance.now() - started);
      if (!route.single) return answer(request, 200, { took, errors, items }, url);
      const only = Object.values(items[0]!)[0]!;
      return answer(request, only.status, only, url);
    } finally {
      read.release();
    }
  };
}

/** `/_bulk`, `/<index>/_bulk`, `/<index>/_doc[/<id>]`, `/<index>/_create/<id>`; undefined for any other path. */
function ingestRoute(method: string, path: string): IngestRoute | undefined {
  if (method !== 'POST' && method !== 'PUT') return undefined;
  const parts = path.split('/').filter((part) => part !== '');
  if (parts.length === 1 && parts[0] === '_bulk') return { index: '', single: false, id: '' };
  const [index = '', verb, id = ''] = parts.map(decodePart);
  if (index.startsWith('_')) return undefined;
  // `/<index>/<type>/_bulk` is what shippers for Elasticsearch 6 send.
  if (parts.length === 2 && verb === '_bulk') return { index, single: false, id: '' };
  if (parts.length === 3 && parts[2] === '_bulk') return { index, single: false, id: '' };
  if ((verb === '_doc' || verb === '_create') && parts.length <= 3) return { index, single: true, id };
  return undefined;
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function itemAnswer(
  index: string,
  id: string,
  stored: boolean,
  reason: string | undefined,
  detail: string | undefined,
): ItemAnswer {
  if (stored) {
    return {
      _index: index,
      _id: id,
      _version: 1,
      result: 'created',
      _shards: { total: 1, successful: 1, failed: 0 },
      _seq_no: 0,
      _primary_term: 1,
      status: 201,
    };
  }
  const error = reason
    ? {
        type: reason === 'unknown-action' ? 'illegal_argument_exception' : 'document_parsing_exception',
        reason: detail,
      }
    : { type: 'unavailable_shards_exception', reason: 'the store failed; send this item again' };
  return { _index: index, _id: id, status: reason ? 400 : 503, error };
}
