import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const dashboards = join(import.meta.dirname, '../../dashboards');
const source = ['metrics/metrics.ts', 'pki/metrics.ts']
  .map((file) => readFileSync(join(import.meta.dirname, '../../packages/kydai/src', file), 'utf8'))
  .join('\n');

/** Every metric that the program exports, read from where it is declared. */
const exported = new Set([
  ...[...source.matchAll(/'(kydai_[a-z_]+)'/g)].map((match) => match[1]!),
  ...['received', 'parsed', 'kept', 'refused', 'dropped'].map((flow) => `kydai_source_events_${flow}_total`),
]);

function metricsIn(expression: string): string[] {
  return [...expression.matchAll(/\b(kydai_[a-z_]+)/g)].map((match) =>
    match[1]!.replace(/_(?:bucket|sum|count)$/, ''),
  );
}

describe('dashboards', () => {
  it('every alert asks for metrics that exist and speaks two languages', () => {
    const { groups } = parse(readFileSync(join(dashboards, 'prometheus/alerts.yml'), 'utf8'));
    for (const rule of groups[0].rules) {
      for (const metric of metricsIn(rule.expr)) expect(exported, rule.alert).toContain(metric);
      expect(Object.keys(rule.annotations), rule.alert).toEqual(['summary', 'summary_vi']);
    }
  });

  it('every Grafana panel asks for metrics that exist, on a place of its own', () => {
    const { panels } = JSON.parse(readFileSync(join(dashboards, 'grafana/kydai.json'), 'utf8'));
    const places = new Set<string>();
    for (const panel of panels) {
      places.add(`${panel.gridPos.x},${panel.gridPos.y}`);
      for (const target of panel.targets) {
        expect(metricsIn(target.expr).length, panel.title).toBeGreaterThan(0);
        for (const metric of metricsIn(target.expr)) expect(exported, panel.title).toContain(metric);
      }
    }
    expect(places.size).toBe(panels.length);
  });
});
