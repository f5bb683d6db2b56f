import type { Client } from '@elastic/elasticsearch';
import { integerColumns, textColumns } from '../filter/columns.ts';

/** What the server was found able to do. */
export interface Abilities {
  /** Index lifecycle management; where it is missing the store rolls over by itself. */
  readonly lifecycle: boolean;
}

type Mapping = Readonly<Record<string, unknown>>;

/** Fields whose values are sentences: searched by words in Kibana. */
const prose = new Set(['message', 'error.message', 'process.command_line', 'user_agent.original']);

/** The mappings of the known ECS fields, by dotted name. What does not fit a mapping is not indexed, and kept. */
export function ecsMappings(): Record<string, Mapping> {
  const mapped: Record<string, Mapping> = {
    '@timestamp': { type: 'date' },
    'event.dataset': { type: 'keyword', ignore_above: 8_000 },
    'event.original': { type: 'keyword', index: false, doc_values: false },
  };
  for (const name of textColumns) {
    mapped[name] = name.endsWith('.ip')
      ? { type: 'ip', ignore_malformed: true }
      : prose.has(name)
        ? { type: 'text', norms: false, index_options: 'docs' }
        : { type: 'keyword', ignore_above: 1_024 };
  }
  for (const name of integerColumns) mapped[name] = { type: 'long', ignore_malformed: true };
  return mapped;
}

/** Our own names. `kydai.drill` and `kydai.drill.id` cannot both be fields here: one would hold a value and fields. */
export function ownMappings(text: 'wildcard' | 'keyword'): Record<string, Mapping> {
  return {
    'kydai.id': { type: 'keyword' },
    'kydai.time': { type: 'long' },
    'kydai.received': { type: 'long' },
    'kydai.age': { type: 'long' },
    'kydai.source': { type: 'keyword' },
    'kydai.is_drill': { type: 'boolean' },
    'kydai.drill_id': { type: 'keyword', ignore_above: 1_024 },
    'kydai.rest': { type: 'object', enabled: false },
    'kydai.terms': { type: 'keyword', doc_values: false, norms: false },
    'kydai.values': { type: 'keyword', index: false },
    'kydai.text': text === 'wildcard' ? { type: text } : { type: text, doc_values: false, norms: false },
  };
}

/**
 * Puts the templates (and the lifecycle policy, where the server has such) under the stream's name. The policy only
 * rolls over: deleting is the store's, because a legal hold must be able to prevent it.
 */
export async function installTemplates(
  client: Client,
  stream: string,
  settings: { readonly shards: number; readonly replicas: number },
): Promise<Abilities> {
  const put = (path: string, body: unknown) =>
    client.transport.request({ method: 'PUT', path, body: body as object });
  const component = (name: string, properties: Record<string, Mapping>) =>
    put(`/_component_template/${stream}-${name}`, {
      template: { mappings: { properties } },
      _meta: { by: 'kydai' },
    });
  const lifecycle = await put(`/_ilm/policy/${stream}`, {
    policy: {
      phases: {
        hot: { actions: { rollover: { max_primary_shard_size: '25gb', max_age: '7d' } } },
        warm: { min_age: '2d', actions: { forcemerge: { max_num_segments: 1 } } },
      },
    },
  }).then(
    () => true,
    (error: { statusCode?: number }) => {
      if (error.statusCode === 400 || error.statusCode === 405) return false;
      throw error;
    },
  );
  await component('ecs', ecsMappings());
  // The wildcard type (in every distribution but the smallest) finds parts of lines by their trigrams.
  await component('own', ownMappings('wildcard')).catch(
    (error: { statusCode?: number; message?: string }) => {
      if (error.statusCode !== 400 || !String(error.message).includes('[wildcard]')) throw error;
      return component('own', ownMappings('keyword'));
    },
  );
  await put(`/_index_template/${stream}`, {
    index_patterns: [stream],
    data_stream: {},
    composed_of: [`${stream}-ecs`, `${stream}-own`],
    priority: 500,
    template: {
      settings: {
        'index.number_of_shards': settings.shards,
        'index.number_of_replicas': settings.replicas,
        'index.codec': 'best_compression',
        'index.sort.field': ['kydai.time'],
        'index.sort.order': ['desc'],
        ...(lifecycle ? { 'index.lifecycle.name': stream } : {}),
      },
      mappings: { dynamic: false, _source: { excludes: ['kydai.terms', 'kydai.values', 'kydai.text'] } },
    },
    _meta: { by: 'kydai' },
  });
  return { lifecycle };
}
