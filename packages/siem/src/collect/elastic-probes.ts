import { answer, fault } from './elastic-answer.ts';

/**
 * What shippers ask before they send. Everything that they would set up (templates, lifecycle, pipelines, aliases,
 * data streams) is decided here by our own schema and retention, so it is answered as existing, and a setup is
 * acknowledged with a `Warning` header that says that it has no effect. What each client needs is written down in
 * docs/decisions/collect-elasticsearch.md.
 */
export function answerProbe(request: Request, path: string, version: string): Response {
  const { method } = request;
  const reading = method === 'GET' || method === 'HEAD';
  const parts = path.split('/').filter((part) => part !== '');
  const [first = '', second = '', third = ''] = parts;
  const say = (body: object): Response => answer(request, 200, body);

  if (first === '' && reading) return say(banner(version));
  // Helpers of the official clients ask for it when they are done: what was acknowledged can be found here anyway.
  if (['_refresh', '_flush'].includes(parts.at(-1) ?? '') && parts.length <= 2 && method !== 'DELETE') {
    return say({ _shards: { total: 1, successful: 1, failed: 0 } });
  }
  if (reading) {
    if (first === '_license') return say({ license });
    if (first === '_xpack') return say(second === 'license' ? { license } : features);
    if (first === '_cluster' && second === 'health') return say(health);
    if (first === '_cluster' && second === 'settings')
      return say({ persistent: {}, transient: {}, defaults: {} });
    if (first === '_cat') return say([]);
    if (first === '_nodes') return say(nodes(version));
    if (first === '_ilm' && second === 'policy') return say({ [third || 'kydai']: ilm });
    if (first === '_ilm' && second === 'status') return say({ operation_mode: 'RUNNING' });
    if (first === '_index_template') return say(indexTemplate(second));
    if (first === '_component_template') {
      return say({
        component_templates: [{ name: second || 'kydai', component_template: { template: {} } }],
      });
    }
    if (first === '_template')
      return say({ [second || 'kydai']: { order: 0, index_patterns: ['*'], settings: {} } });
    if (first === '_data_stream')
      return say({ data_streams: [{ name: second || 'kydai', timestamp_field }] });
    if (first === '_alias' || second === '_alias')
      return say({ kydai: { aliases: { [second || 'kydai']: {} } } });
    if (first === '_ingest' && second === 'pipeline') return say({ [third || 'kydai']: { processors: [] } });
    if (!first.startsWith('_') && method === 'HEAD' && parts.length === 1)
      return answer(request, 200, undefined);
  } else if (isSetup(method, first, second, parts.length)) {
    return answer(request, 200, { acknowledged: true, index: first }, undefined, {
      // The agent's name is in Elasticsearch's form, because clients show no other warnings.
      warning: `299 Elasticsearch-${version}-kydai "setup has no effect here: the server decides fields and retention"`,
    });
  }
  return fault(
    request,
    404,
    'resource_not_found_exception',
    'this server only takes events; search in the console',
    {},
  );
}

function isSetup(method: string, first: string, second: string, depth: number): boolean {
  if (method !== 'PUT' && method !== 'POST') return false;
  if (['_index_template', '_component_template', '_template', '_data_stream', '_aliases'].includes(first))
    return true;
  if (first === '_ilm' || (first === '_ingest' && second === 'pipeline')) return true;
  if (first.startsWith('_')) return false;
  return (depth === 1 && method === 'PUT') || ['_alias', '_mapping', '_settings'].includes(second);
}

const timestamp_field = { name: '@timestamp' };

function banner(version: string): object {
  return {
    name: 'kydai',
    cluster_name: 'kydai',
    cluster_uuid: 'a3lkYWktY29sbGVjdG9y_A',
    version: {
      number: version,
      build_flavor: 'default',
      build_type: 'tar',
      build_hash: '0000000000000000000000000000000000000000',
      build_date: '2026-01-01T00:00:00.000Z',
      build_snapshot: false,
      lucene_version: '10.3.0',
      minimum_wire_compatibility_version: '8.19.0',
      minimum_index_compatibility_version: '8.0.0',
    },
    tagline: 'You Know, for Search',
  };
}

const license = {
  status: 'active',
  uid: 'kydai',
  type: 'basic',
  issue_date: '2026-01-01T00:00:00.000Z',
  issue_date_in_millis: 1767225600000,
  max_nodes: 1000,
  issued_to: 'kydai',
  issuer: 'elasticsearch',
  start_date_in_millis: -1,
};

const features = {
  build: { hash: '0000000', date: '2026-01-01T00:00:00.000Z' },
  license: { uid: 'kydai', type: 'basic', mode: 'basic', status: 'active' },
  features: { ilm: { available: true, enabled: true }, security: { available: false, enabled: false } },
  tagline: 'You know, for X',
};

const health = {
  cluster_name: 'kydai',
  status: 'green',
  timed_out: false,
  number_of_nodes: 1,
  number_of_data_nodes: 1,
  active_primary_shards: 1,
  active_shards: 1,
  relocating_shards: 0,
  initializing_shards: 0,
  unassigned_shards: 0,
};

const ilm = { version: 1, modified_date: '2026-01-01T00:00:00.000Z', policy: { phases: {} } };

function nodes(version: string): object {
  return {
    _nodes: { total: 1, successful: 1, failed: 0 },
    cluster_name: 'kydai',
    nodes: {
      kydai: {
        name: 'kydai',
        version,
        roles: ['ingest'],
        http: { publish_address: '127.0.0.1:9200' },
        ingest: { processors: processors.map((type) => ({ type })) },
      },
    },
  };
}

/** The processors of Elasticsearch's pipelines: Filebeat sends nothing where one that a module's pipeline names is missing. */
const processors = [
  ...['append', 'attachment', 'bytes', 'circle', 'community_id', 'convert', 'csv', 'date', 'date_index_name'],
  ...[
    'dissect',
    'dot_expander',
    'drop',
    'enrich',
    'fail',
    'fingerprint',
    'foreach',
    'geo_grid',
    'geoip',
    'grok',
  ],
  ...[
    'gsub',
    'html_strip',
    'inference',
    'ip_location',
    'join',
    'json',
    'kv',
    'lowercase',
    'network_direction',
  ],
  ...['pipeline', 'redact', 'registered_domain', 'remove', 'rename', 'reroute', 'script', 'set'],
  ...[
    'set_security_user',
    'sort',
    'split',
    'terminate',
    'trim',
    'uppercase',
    'uri_parts',
    'urldecode',
    'user_agent',
  ],
];

function indexTemplate(name: string): object {
  const template = { index_patterns: ['*'], composed_of: [], priority: 0, data_stream: {} };
  return { index_templates: [{ name: name || 'kydai', index_template: template }] };
}
