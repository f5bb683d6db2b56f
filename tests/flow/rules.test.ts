import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CoverageView, HuntView, RulesView } from '@kydai/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, type Program, startProgram, temporaryFolder } from '../program.ts';

const imported = 'c0ffee00-0000-4000-8000-000000000001';
const rule = (id: string, text: string) => `title: Line of the drill ${text}
id: ${id}
logsource: { product: linux, service: syslog }
detection:
  selection: { message|contains: '${text}' }
  condition: selection
level: low
tags: [attack.t1059.004]
`;

describe('rules of others, and hunts', () => {
  const folder = temporaryFolder();
  let program: Program;
  beforeAll(async () => {
    program = await startProgram({ folder });
  });
  afterAll(() => program.stop());

  const call = (path: string, body?: unknown) => {
    const { key } = JSON.parse(readFileSync(join(folder, 'data/operator.json'), 'utf8')) as { key: string };
    return fetch(program.addresses.http + path, {
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
  };
  const list = async (query: string) => (await (await call(`/api/v1/rules?${query}`)).json()) as RulesView;
  const send = (messages: readonly string[]) =>
    fetch(`${program.addresses.collect}/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: messages
        .map((text) => `${JSON.stringify({ message: `<13>Nov 21 10:00:00 host-1 app: ${text}` })}\n`)
        .join(''),
    });

  it('our own are listed with their tests, and all of them pass', async () => {
    const { items, total } = await list('limit=1000');
    expect(items).toHaveLength(total);
    expect(items.filter(({ tests }) => tests?.passed !== true)).toEqual([]);
    expect(items.find(({ title_vi }) => title_vi !== undefined)).toBeDefined();
    expect((await program.cli('rules', 'test')).stdout).toMatch(/^\d+ passed, 0 failed$/m);
    const map = (await (await call('/api/v1/rules/coverage')).json()) as CoverageView;
    expect(map.techniques.find(({ technique }) => technique === 'T1110.001')?.count).toBeGreaterThan(0);
  });

  it('a pack is imported while the program runs, fires, is counted over a restart, and is removed', async () => {
    const pack = join(folder, 'others.yml');
    writeFileSync(pack, `${rule(imported, 'drillword')}---\ntitle: broken\n`);
    const { stdout, code } = await program.cli('rules', 'import', pack);
    expect(code).toBe(0);
    expect(stdout).toMatch(/Pack others: 1 rules, 1 left out/);
    expect(stdout).toMatch(/rules are in force now/);

    expect((await send(['drillword one', 'drillword two', 'nothing'])).status).toBe(200);
    await eventually(async () => (await list('pack=others')).items[0]?.fired === 2);
    program = await program.restart();
    const { items, packs } = await list('q=drillword');
    expect(items[0]).toMatchObject({ id: imported, pack: 'others', fired: 2, suppressed: 0, tests: null });
    expect(items[0]?.lastFired).toBeGreaterThan(0);
    expect(packs).toEqual([{ name: 'others', rules: 1, errors: 1, warnings: 0 }]);

    const explained = await program.cli('rules', 'explain', imported);
    expect(explained.stdout).toMatch(
      /message is `\*drillword\*`[\s\S]*tried where one of these is seen: drillword/,
    );
    expect((await program.cli('rules', 'remove', 'others')).code).toBe(0);
    expect((await list('q=drillword')).total).toBe(0);
  });

  it('one noisy rule is held back, and what is held back is counted', async () => {
    const pack = join(folder, 'noisy.yml');
    writeFileSync(pack, rule(imported, 'noisyword'));
    expect((await program.cli('rules', 'import', pack)).code).toBe(0);
    await send(Array.from({ length: 300 }, (_, n) => `noisyword ${n}`));
    const [row] = await eventually(async () => {
      const { items } = await list('q=noisyword');
      return (items[0]?.suppressed ?? 0) > 0 ? items : undefined;
    });
    await eventually(async () => {
      const { items } = await list('q=noisyword');
      // The two detections of the pack before had the same id.
      return items[0]!.fired - 2 + items[0]!.suppressed === 300;
    });
    expect(row!.suppressed).toBeGreaterThanOrEqual(250);
    const metrics = await (await fetch(`${program.addresses.http}/metrics`)).text();
    expect(metrics).toMatch(/kydai_detection_suppressed_total 2\d\d/);
  });

  it('any rule is run over what is stored, from a file or by its id', async () => {
    await send(['huntword alpha', 'huntword beta', 'other']);
    const file = join(folder, 'hunt.yml');
    writeFileSync(file, rule('c0ffee00-0000-4000-8000-000000000002', 'huntword'));
    const found = await program.cli('hunt', file, '--since', '3650d');
    expect(found.stdout).toMatch(/2 hits; \d+ events judged/);
    const byId = await program.cli('hunt', imported, '--since', '3650d', '--limit', '5');
    expect(byId.stdout).toMatch(/300 hits, the first 5 shown/);
    const from = '2016-01-01T00:00:00Z';
    const view = (await (await call('/api/v1/hunts', { rule: imported, from, limit: 3 })).json()) as HuntView;
    expect(view).toMatchObject({ total: 300, complete: true });
    expect(view.hits).toHaveLength(3);
  });

  it.each([
    ['no rule of that name', { rule: 'nothing', from: '2026-01-01T00:00:00Z' }, 404],
    ['a text that is no rule', { text: 'title: x', from: '2026-01-01T00:00:00Z' }, 400],
    [
      'a regex that could run forever',
      {
        text: rule(imported, 'x').replace("message|contains: 'x'", "message|re: '(a+)+\\1'"),
        from: '2026-01-01T00:00:00Z',
      },
      400,
    ],
    [
      'time that runs backwards',
      { rule: imported, from: '2026-02-01T00:00:00Z', to: '2026-01-01T00:00:00Z' },
      400,
    ],
    ['nothing at all', {}, 400],
  ])('a hunt is refused with a reason: %s', async (_what, body, status) => {
    const response = await call('/api/v1/hunts', body);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ detail: expect.stringMatching(/./) });
  });
});
