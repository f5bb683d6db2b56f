import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@elastic/elasticsearch';
import type { Event } from '@kydai/contracts';
import { quote, StoreError } from '../error.ts';
import { type BulkDocument, toDocument } from './document.ts';
import { elasticError, isFull, isPassing, passing } from './failure.ts';

export interface BulkLimits {
  /** Bytes of one request, roughly. */
  readonly requestBytes: number;
  /** Requests that run at once. */
  readonly requests: number;
  /** Bytes that may wait before further appends are refused as `busy`. */
  readonly pendingBytes: number;
  /** Milliseconds for which a request that may yet succeed is sent again. */
  readonly patience: number;
}

export const defaultBulkLimits: BulkLimits = {
  requestBytes: 5 * 1024 * 1024,
  requests: 2,
  pendingBytes: 64 * 1024 * 1024,
  patience: 30_000,
};

interface Waiting {
  readonly event: Event;
  readonly document: BulkDocument;
  readonly batch: Batch;
  /** It may be stored already: an answer was lost, or another run sent it. */
  again: boolean;
}

interface Batch {
  left: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface Answer {
  readonly items: readonly {
    readonly create: {
      readonly status: number;
      readonly error?: { readonly type: string; readonly reason: string };
    };
  }[];
}

/**
 * Writes events with the bulk interface. INVARIANT: an append resolves only once Elasticsearch has acknowledged each of
 * its events (its log is synced by then), and no event is stored twice: the document's id is the event's, and `create`
 * never replaces. The ids of earlier backing indices are asked before anything is sent a second time, because each
 * backing index knows its own ids only.
 *
 * When an append rejects, some of its events may be stored: send all of it again.
 */
export class BulkWriter {
  readonly #client: Client;
  readonly #stream: string;
  readonly #limits: BulkLimits;
  readonly #stopping = new AbortController();
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #running = 0;
  #idle: (() => void)[] = [];

  constructor(client: Client, stream: string, limits: BulkLimits) {
    this.#client = client;
    this.#stream = stream;
    this.#limits = limits;
  }

  append(events: readonly Event[], again: boolean): Promise<void> {
    if (events.length === 0) return Promise.resolve();
    if (this.#waitingBytes >= this.#limits.pendingBytes) {
      return Promise.reject(
        new StoreError('busy', 'too many events wait to be written; send them again later'),
      );
    }
    let documents: BulkDocument[];
    try {
      documents = events.map((event) => toDocument(event));
    } catch (error) {
      return Promise.reject(error);
    }
    return new Promise((resolve, reject) => {
      const batch: Batch = { left: events.length, resolve, reject };
      for (const [at, document] of documents.entries()) {
        this.#waitingBytes += document.text.length;
        this.#waiting.push({ event: events[at]!, document, batch, again });
      }
      setImmediate(() => this.#start());
    });
  }

  /** Resolves once nothing is on its way. */
  async close(): Promise<void> {
    this.#stopping.abort();
    if (this.#running > 0 || this.#waiting.length > 0)
      await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #start(): void {
    while (this.#running < this.#limits.requests && this.#waiting.length > 0) {
      this.#running++;
      void this.#send(this.#take()).finally(() => {
        this.#running--;
        this.#start();
        if (this.#running === 0) for (const done of this.#idle.splice(0)) done();
      });
    }
  }

  #take(): Waiting[] {
    let count = 0;
    let size = 0;
    while (count < this.#waiting.length && size < this.#limits.requestBytes)
      size += this.#waiting[count++]!.document.text.length;
    this.#waitingBytes -= size;
    return this.#waiting.splice(0, count);
  }

  async #send(given: Waiting[]): Promise<void> {
    let left = given;
    const end = performance.now() + this.#limits.patience;
    for (let turn = 0; left.length > 0; turn++) {
      let failure: StoreError;
      try {
        if (left.some(({ again }) => again)) left = await this.#unknown(left);
        const answer = await this.#request(left);
        failure = new StoreError('busy', 'Elasticsearch has too much to do; try again later');
        left = left.filter((one, at) => !this.#settled(one, answer.items[at]?.create));
      } catch (error) {
        failure = elasticError(error);
        if (!isPassing(error)) return this.#fail(left, failure);
        for (const one of left) one.again = true;
      }
      if (left.length === 0) return;
      const wait = Math.min(5_000, 100 * 2 ** turn) * (0.5 + Math.random() / 2);
      if (performance.now() + wait > end || this.#stopping.signal.aborted) return this.#fail(left, failure);
      await delay(wait, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    }
  }

  /** Whether one document of a request came to its end: stored, there already, or refused for good. */
  #settled(one: Waiting, item: Answer['items'][number]['create'] | undefined): boolean {
    if (item === undefined) return false;
    const { status, error } = item;
    if (status < 300 || status === 409) {
      if (--one.batch.left === 0) one.batch.resolve();
      return true;
    }
    const reason = error?.reason ?? '';
    if (isFull(reason)) {
      this.#fail(
        [one],
        new StoreError('disk-full', 'a disk of Elasticsearch is nearly full; free some space'),
      );
      return true;
    }
    if (passing.has(status)) return false;
    // A mapping that somebody changed by hand may refuse what ours takes. The plain form has hardly any.
    const plain = toDocument(one.event, true);
    if (plain.text !== one.document.text) {
      this.#waitingBytes += plain.text.length;
      this.#waiting.push({ ...one, document: plain });
      return true;
    }
    this.#fail([one], new StoreError('invalid-event', `Elasticsearch refuses event ${quote(one.event.id)}`));
    return true;
  }

  #fail(all: readonly Waiting[], error: StoreError): void {
    for (const { batch } of all) batch.reject(error);
  }

  #request(documents: readonly Waiting[]): Promise<Answer> {
    const lines = documents.map(
      ({ document }) => `{"create":{"_id":${JSON.stringify(document.key)}}}\n${document.text}\n`,
    );
    return this.#client.transport.request<Answer>(
      {
        method: 'POST',
        path: `/${this.#stream}/_bulk`,
        querystring: { filter_path: 'items.create.status,items.create.error.type,items.create.error.reason' },
        bulkBody: lines.join(''),
      },
      { maxRetries: 0 },
    );
  }

  /** Leaves out what an earlier backing index has already. The newest one refuses repeats by itself. */
  async #unknown(documents: Waiting[]): Promise<Waiting[]> {
    const older = (await backingIndices(this.#client, this.#stream)).slice(-4, -1);
    if (older.length === 0) return documents;
    const asked = older.flatMap((index) =>
      documents.map(({ document }) => ({ _index: index, _id: document.key, _source: false })),
    );
    const { docs } = await this.#client.transport.request<{
      docs: readonly { _id: string; found?: boolean }[];
    }>({ method: 'POST', path: '/_mget', body: { docs: asked } }, { maxRetries: 0 });
    const known = new Set(docs.filter(({ found }) => found).map(({ _id }) => _id));
    return documents.filter((one) => {
      if (!known.has(one.document.key)) return true;
      if (--one.batch.left === 0) one.batch.resolve();
      return false;
    });
  }
}

/** The indices behind a data stream, oldest first; none where there is no stream yet. */
export async function backingIndices(client: Client, stream: string): Promise<readonly string[]> {
  const { data_streams: streams } = await client.transport
    .request<{
      data_streams: readonly { name: string; backing_indices: string | readonly string[] }[];
    }>({ method: 'GET', path: `/_resolve/index/${stream}`, querystring: { expand_wildcards: 'all' } })
    .catch((error: { statusCode?: number }) => {
      if (error.statusCode === 404) return { data_streams: [] };
      throw error;
    });
  const found = streams.find(({ name }) => name === stream)?.backing_indices ?? [];
  return typeof found === 'string' ? [found] : found;
}
