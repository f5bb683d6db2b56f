import type { Client } from '@elastic/elasticsearch';
import type { LegalHold } from '../lake/manifest.ts';
import { backingIndices } from './bulk.ts';
import type { Dsl } from './query.ts';
import { ask, scan } from './search.ts';

const deleteAtOnce = 5_000;

/** The events that a legal hold keeps. */
function held({ dataset, from, to }: LegalHold): Dsl {
  const time = { ...(from !== undefined && { gte: from }), ...(to !== undefined && { lt: to }) };
  return {
    bool: {
      filter: [
        ...(dataset === undefined ? [] : [{ term: { 'event.dataset': { value: dataset } } }]),
        ...(Object.keys(time).length === 0 ? [] : [{ range: { 'kydai.time': time } }]),
      ],
    },
  };
}

/**
 * Deletes the events that are older and under no legal hold; resolves to how many those were. A backing index that is
 * old as a whole is dropped, of others the documents are deleted one by one.
 */
export async function removeOld(
  client: Client,
  stream: string,
  what: {
    readonly dataset: string | undefined;
    readonly before: number;
    readonly holds: readonly LegalHold[];
    readonly lifecycle: boolean;
  },
): Promise<number> {
  const { dataset, before, holds } = what;
  const old: Dsl = {
    bool: {
      filter: [
        ...(Number.isFinite(before)
          ? [{ range: { 'kydai.age': { lt: Math.ceil(before) } } }]
          : before > 0
            ? []
            : [{ match_none: {} }]),
        ...(dataset === undefined ? [] : [{ term: { 'event.dataset': { value: dataset } } }]),
      ],
      must_not: holds.map(held),
    },
  };
  let removed = 0;
  const indices = await backingIndices(client, stream);
  for (const index of indices.slice(0, -1)) {
    const count = async (query: Dsl) =>
      (await ask(client, index, { query, size: 0, track_total_hits: true })).hits.total?.value ?? 0;
    const all = await count({ match_all: {} });
    if ((await count(old)) !== all) continue;
    await client.indices.delete({ index });
    removed += all;
  }
  for await (const batch of scan(client, stream, old, { size: deleteAtOnce, source: false })) {
    const lines = batch.map(
      ({ index, key }) => `${JSON.stringify({ delete: { _index: index, _id: key } })}\n`,
    );
    const { items } = await client.transport.request<{ items: readonly { delete: { status: number } }[] }>({
      method: 'POST',
      path: '/_bulk',
      querystring: { filter_path: 'items.delete.status' },
      bulkBody: lines.join(''),
    });
    removed += items.filter((item) => item.delete.status === 200).length;
  }
  if (!what.lifecycle && indices.length > 0) {
    await client.indices.rollover({
      alias: stream,
      conditions: { max_age: '7d', max_primary_shard_size: '25gb', min_docs: 1 },
    });
  }
  return removed;
}
