import { plainAddress } from '../normalise/address.ts';
import { BodyReader } from './body.ts';
import { answer, fault, type ItemAnswer, shortFor } from './elastic-answer.ts';
import { type BulkItem, type IngestRoute, readBulk } from './elastic-bulk.ts';
import { answerProbe } from './elastic-probes.ts';
import type { Intake, ReadFrame } from './intake.ts';
import type { CollectorHandler } from './json-lines.ts';
import { type HttpLimits, httpLimits } from './limits.ts';
import { type IdentifiedFrame, identified, isOneOfAKind, Resent, type SubmitOutcome } from './resent.ts';

export interface ElasticBulkOptions {
  readonly intake: Intake;
  readonly limits?: Partial<HttpLimits>;
  /** The Elasticsearch version that it presents itself as; shippers refuse a server older than themselves. */
  readonly version: string;
  /** Where the handler is mounted, such as `/elastic`; empty for the root. */
  readonly basePath?: string;
  /** What was taken lately, shared among the collectors of an intake. */
  readonly resent?: Resent;
}

/**
 * As much of Elasticsearch's HTTP interface as shippers use to send events: the bulk API, single-document indexing,
 * and the probes before it. Filebeat, Fluent Bit, Vector, Logstash and the official clients work unchanged.
 *
 * Each document becomes one event. An item is answered with 201 only once its event is durable, with 400 where it is
 * no document, and with 503 where the store failed for it; shippers send 429 and 5xx items again. Under pressure the
 * whole request is answered with 429, and nothing of it is kept. A document with an `_id` that is sent again after an
 * answer was lost is not stored twice: `create` is answered with 409, `index` with 200, as Elasticsearch does.
 */
export function createElasticBulkHandler(options: ElasticBulkOptions): CollectorHandler {
  const { intake, version } = options;
  const limits = httpLimits(options.limits);
  const bodies = new BodyReader(limits);
  const base = options.basePath ?? '';
  const resent = options.resent ?? new Resent();

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
        origin: account.source,
      });
      if ('broken' in bulk) {
        account.refuse(bulk.reason, read.body.length, intake.clock.now());
        const status = bulk.reason === 'too-many-lines' ? 413 : 400;
        return fault(request, status, 'illegal_argument_exception', bulk.broken, {});
      }
      const started = performance.now();
      const frames: (ReadFrame | IdentifiedFrame)[] = [];
      for (const { frame, id } of bulk.items) {
        if (!frame) continue;
        const known = id !== '' || isOneOfAKind(frame.normalised.fields);
        frames.push(known ? identified(frame, id) : frame);
      }
      const submitted = resent.submit(intake, account, frames);
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
      const answers = bulk.items.map((item): [string, ItemAnswer] => [
        item.action,
        itemAnswer(item, item.frame ? outcomes[taken++]! : 'refused'),
      ]);
      const only = answers[0]![1];
      if (route.single) return answer(request, only.status, { ...only, ...written(only) }, url);
      const took = Math.round(performance.now() - started);
      const errors = answers.some(([, { status }]) => status >= 400);
      return (
        shortFor(request, answers, took) ??
        answer(
          request,
          200,
          { took, errors, items: answers.map(([action, item]) => ({ [action]: item })) },
          url,
        )
      );
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

/** What clients of the bulk API read of an item; the rest of Elasticsearch's answer is as long as the request. */
function itemAnswer(item: BulkItem, outcome: SubmitOutcome | 'refused'): ItemAnswer {
  const { action, index, id } = item;
  const named = { _index: index, _id: id };
  switch (outcome) {
    case 'kept':
      return { ...named, _version: 1, result: 'created', status: 201 };
    case 'sent-before': {
      if (action !== 'create') return { ...named, _version: 1, result: 'noop', status: 200 };
      const reason = `[${id}]: version conflict, document already exists`;
      return { ...named, status: 409, error: { type: 'version_conflict_engine_exception', reason } };
    }
    case 'refused': {
      const unknown = item.reason === 'unknown-action';
      const type = unknown ? 'illegal_argument_exception' : 'document_parsing_exception';
      return { ...named, status: 400, error: { type, reason: item.detail } };
    }
    case 'store-failed': {
      const reason = 'the store failed; send this item again';
      return { ...named, status: 503, error: { type: 'unavailable_shards_exception', reason } };
    }
  }
}

/** What typed clients want of the answer to a single document besides. */
function written({ status }: ItemAnswer): object {
  if (status >= 400) return {};
  return { _shards: { total: 1, successful: 1, failed: 0 }, _seq_no: 0, _primary_term: 1 };
}
