import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const template = readFileSync(join(root, 'packages/store/src/elastic/template.ts'), 'utf8');
const columns = readFileSync(join(root, 'packages/store/src/filter/columns.ts'), 'utf8');
/** Every field that has a mapping, read from where mappings are made. */
const mapped = new Set(
  [...template.matchAll(/^ {4}'([\w.@]+)': \{/gm), ...columns.matchAll(/^ {2}'([\w.]+)',$/gm)].map(
    ([, name]) => name!,
  ),
);

/** The names before colons in a query. */
const asked = (query: string) => [...query.matchAll(/([\w.]+):/g)].map(([, name]) => name!);

interface Saved {
  readonly type: string;
  readonly id: string;
  readonly attributes: Readonly<Record<string, string>> & {
    readonly kibanaSavedObjectMeta?: { readonly searchSourceJSON: string };
    readonly columns?: readonly string[];
  };
  readonly references: readonly { readonly name: string; readonly type: string; readonly id: string }[];
}

describe('the dashboards over Elasticsearch', () => {
  const objects = readFileSync(join(root, 'dashboards/kibana/kydai.ndjson'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Saved);

  it('Kibana: every reference is to an object in the file, and every name in a reference is used', () => {
    const known = new Set(objects.map(({ type, id }) => `${type}/${id}`));
    expect(known.size).toBe(objects.length);
    for (const { references, attributes, id } of objects) {
      for (const { type, id: target, name } of references) {
        expect(known, id).toContain(`${type}/${target}`);
        expect(JSON.stringify(attributes), id).toContain(name);
      }
    }
  });

  it('Kibana: every visualization and search asks for fields that are mapped', () => {
    for (const { attributes, id } of objects) {
      const source = JSON.parse(attributes.kibanaSavedObjectMeta?.searchSourceJSON ?? '{}');
      for (const name of asked(source.query?.query ?? '')) expect(mapped, id).toContain(name);
      for (const name of attributes.columns ?? []) expect(mapped, id).toContain(name);
      for (const { params } of JSON.parse(attributes['visState'] ?? '{"aggs":[]}').aggs) {
        if (params.field !== undefined) expect(mapped, id).toContain(params.field);
      }
    }
  });

  it('Kibana: the panels of the dashboard do not overlap', () => {
    const dashboard = objects.find(({ type }) => type === 'dashboard')!;
    const panels = JSON.parse(dashboard.attributes['panelsJSON']!) as {
      gridData: Record<'x' | 'y' | 'w' | 'h', number>;
    }[];
    expect(panels.length).toBe(dashboard.references.length);
    const cells = panels.flatMap(({ gridData: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, n) => `${x + (n % w)},${y + Math.floor(n / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
  });

  it('Grafana: every panel asks for fields that are mapped, on a place of its own', () => {
    const file = join(root, 'dashboards/grafana/elasticsearch.json');
    expect(existsSync(file)).toBe(true);
    const { panels } = JSON.parse(readFileSync(file, 'utf8'));
    const places = new Set<string>();
    for (const { title, gridPos, targets } of panels) {
      places.add(`${gridPos.x},${gridPos.y}`);
      for (const { query, bucketAggs, timeField } of targets) {
        for (const name of [
          ...asked(query),
          timeField,
          ...bucketAggs.map(({ field }: { field: string }) => field),
        ])
          expect(mapped, title).toContain(name);
      }
    }
    expect(places.size).toBe(panels.length);
  });
});
