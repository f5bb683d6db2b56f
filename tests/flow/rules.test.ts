import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type {
  CoverageView,
  DetectionPage,
  HuntNews,
  HuntView,
  IncidentView,
  PackNews,
  RuleDetailView,
  RulesView,
} from '@kydai/contracts';
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

/** Not an archive inside: the gzip of a text. */
const gzipped = (text: string) => gzipSync(text);

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
    const detail = (await (await call(`/api/v1/rules/${items[0]!.id}`)).json()) as RuleDetailView;
    expect(detail.vi).toMatchObject({
      description: expect.stringMatching(/[À-ỹ]/),
      knownGaps: expect.stringMatching(/[À-ỹ]/),
    });
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
    expect((await list('pack=others&state=never-fired')).total).toBe(0);
    const found = async (query: string) =>
      (await (await call(`/api/v1/detections?${query}`)).json()) as DetectionPage;
    expect(await found('q=DRILLword+line')).toMatchObject({
      total: 2,
      items: [{ rule: { id: imported } }, {}],
    });
    expect((await found('q=drillword&level=high')).total).toBe(0);
    expect((await found('q=drillword&drill=true')).total).toBe(0);
    expect((await found('q=no-such-word')).total).toBe(0);
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
    const { title } = (await (await call(`/api/v1/rules/${imported}`)).json()) as { title: string };
    const byTitle = await program.cli('hunt', title, '--since', '999999d', '--limit', '10000', '--json');
    expect(byTitle.stdout.trim().split('\n')).toHaveLength(300);
    for (const [wrong, words] of [
      [[folder], /no rule in force is called .*kydai rules list/],
      [['/dev/zero'], /no rule in force is called/],
      [['x'.repeat(300)], /`rule`|no rule in force/],
      [[''], /name a rule/],
      [[file, '--limit', '10001'], /from 1 to 10000/],
    ] as const) {
      expect(await program.cli('hunt', ...wrong)).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(words),
      });
    }
    const from = '2016-01-01T00:00:00Z';
    const view = (await (await call('/api/v1/hunts', { rule: imported, from, limit: 3 })).json()) as HuntView;
    expect(view).toMatchObject({ total: 300, complete: true });
    expect(view.hits).toHaveLength(3);
  });

  it('a hunt tells how it goes on, and an incident is made of what it found', async () => {
    const { key } = JSON.parse(readFileSync(join(folder, 'data/operator.json'), 'utf8')) as { key: string };
    const response = await fetch(`${program.addresses.http}/api/v1/hunts`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        accept: 'application/x-ndjson',
      },
      body: JSON.stringify({ rule: imported, from: '2016-01-01T00:00:00Z', limit: 50 }),
    });
    const news = (await response.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as HuntNews);
    const last = news.at(-1)!;
    expect(news[0]!.type).toBe('progress');
    if (last.type !== 'done') throw new Error('the hunt did not end');
    expect(last.view).toMatchObject({ total: 300, complete: true });
    const told = news.flatMap((each) => (each.type === 'progress' ? each.hits : []));
    expect(told.map(({ id }) => id)).toEqual(last.view.hits.map(({ id }) => id));

    const [first] = last.view.hits;
    const body = {
      rule: first!.rule,
      level: 'high',
      eventIds: first!.eventIds,
      eventCount: 300,
      entities: first!.entities,
      comment: 'seen while hunting',
    };
    const made = (await (await call('/api/v1/hunts/incident', body)).json()) as { id: string };
    const { incident } = (await (await call(`/api/v1/incidents/${made.id}`)).json()) as IncidentView;
    expect(incident).toMatchObject({ severity: 'high', runIds: [], category: 'hunt' });
    expect(JSON.stringify(incident.timeline)).toContain('seen while hunting');
    const forged = await call('/api/v1/hunts/incident', { ...body, eventIds: ['not stored'] });
    expect(forged.status).toBe(400);
  });

  it('a rule is switched off and on, and limited, also over a restart', async () => {
    expect((await program.cli('rules', 'off', imported, '--reason', 'too loud')).stdout).toMatch(/: off$/m);
    const fired = (await list('q=noisyword')).items[0]!.fired;
    await send(['noisyword while off']);
    program = await program.restart();
    expect((await list('q=noisyword')).items[0]).toMatchObject({ enabled: false, fired });
    expect((await program.cli('rules', 'on', imported, '--reason', 'fixed')).code).toBe(0);
    const limited = await program.cli(
      'rules', 'limit', imported, '--per-source', '2', '--window', '1h', '--reason', 'still loud',
    ); // biome-ignore format: one line of options
    expect(limited.stdout).toMatch(/2 about the same entities, 1000 in all, in 3600 s/);
    const held = (await list('q=noisyword')).items[0]!.suppressed;
    await send(Array.from({ length: 10 }, (_, n) => `noisyword again ${n}`));
    await eventually(async () => (await list('q=noisyword')).items[0]!.suppressed === held + 10);
    const detail = (await (await call(`/api/v1/rules/${imported}`)).json()) as RuleDetailView;
    expect(detail).toMatchObject({
      throttle: { perSource: 2, windowSeconds: 3600 },
      limits: { perSource: 2, perRule: 1000, windowSeconds: 3600 },
      changed: { reason: 'still loud' },
      explanation: { verdict: 'can-fire' },
    });
    expect(detail.text).toContain('noisyword');
    const metrics = await (await fetch(`${program.addresses.http}/metrics`)).text();
    expect(metrics).toContain(`kydai_rule_suppressed_total{rule="${imported}"}`);
    expect((await program.cli('rules', 'limit', imported, '--none', '--reason', 'enough')).code).toBe(0);
  });

  it('a pack is checked and imported over HTTP, with every problem by file and line', async () => {
    const post = async (path: string, body: string | Buffer) => {
      const { key } = JSON.parse(readFileSync(join(folder, 'data/operator.json'), 'utf8')) as { key: string };
      const response = await fetch(program.addresses.http + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/octet-stream' },
        body: new Uint8Array(Buffer.from(body)),
      });
      const lines = (await response.text()).trim().split('\n');
      return JSON.parse(lines.at(-1)!) as PackNews;
    };
    const other = 'c0ffee00-0000-4000-8000-000000000009';
    const broken = Array.from({ length: 100 }, (_, n) => `title: broken ${n}\n`).join('---\n');
    const text = `${rule(other, 'packword')}---\n${broken}`;
    const checked = await post('/api/v1/rule-packs/mine/check', text);
    expect(checked).toMatchObject({ type: 'done', imported: false, rules: 1, errors: 100, inForce: null });
    expect((await list('q=packword')).total).toBe(0);
    const taken = await post('/api/v1/rule-packs/mine', gzipped(text));
    expect(taken).toMatchObject({ type: 'failed' });
    const done = await post('/api/v1/rule-packs/mine', text);
    expect(done).toMatchObject({ type: 'done', imported: true, name: 'mine', rules: 1, errors: 100 });
    if (done.type === 'done') expect(done.problems[0]).toMatchObject({ file: 'mine.yml', line: 10 });
    expect((await list('q=packword')).total).toBe(1);
    expect(await post('/api/v1/rule-packs/mine', 'title: nothing\n')).toMatchObject({
      type: 'failed',
      code: 'invalid',
    });
    expect((await list('q=packword')).total).toBe(1);
  });

  it('a log source of one’s own is mapped by a file, and a rule says whether it can fire', async () => {
    const mapping = join(folder, 'fortigate.yml');
    const own = join(folder, 'fortigate-rule.yml');
    writeFileSync(
      mapping,
      'name: fortigate\nmappings:\n  - logsource: { product: fortigate }\n    datasets: [fortinet.log]\n    fields: { srcip: source.ip }\n',
    );
    writeFileSync(
      own,
      rule('c0ffee00-0000-4000-8000-000000000003', 'x')
        .replace('product: linux, service: syslog', 'product: fortigate')
        .replace("message|contains: 'x'", 'srcip: 192.0.2.1'),
    );
    const plain = await program.cli('rules', 'explain', own);
    expect(plain.stdout).toMatch(/cannot fire: no source sends such events/);
    const mapped = await program.cli('rules', 'explain', own, '--pipeline', mapping);
    expect(mapped.stdout).toMatch(/datasets {4}fortinet\.log/);
    expect(mapped.stdout).toMatch(/srcip +srcip, source\.ip/);
    writeFileSync(mapping, 'name: fortigate\nmappings:\n  - feilds: {}\n');
    const wrong = await program.cli('rules', 'check', own, '--pipeline', mapping);
    expect(wrong.code).not.toBe(0);
    expect(wrong.stderr).toMatch(/fortigate\.yml:3:5: `mappings\.0`: does not know `feilds`/);
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
