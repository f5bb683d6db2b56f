import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, type Program, startProgram } from '../program.ts';

const total = 300;
const start = Date.now() - 600_000;

describe('An analyst asks the logs', () => {
  let program: Program;
  let key: string;
  beforeAll(async () => {
    program = await startProgram();
    key = JSON.parse(readFileSync(join(program.folder, 'data/operator.json'), 'utf8')).key;
    await send(
      Array.from({ length: total }, (_, n) => ({
        '@timestamp': new Date(start + n * 1_000).toISOString(),
        message: `line ${n}`,
        'user.name': n % 3 === 0 ? 'root' : 'lan',
        'labels.note': n === 5 ? '=cmd|calc' : 'plain, "quoted"',
      })),
    );
    await eventually(async () => (await get('/events?limit=1000')).events.length === total);
  });
  afterAll(() => program.stop());

  async function send(events: readonly object[]): Promise<void> {
    const body = events.map((event) => JSON.stringify(event)).join('\n');
    const headers = { 'content-type': 'application/x-ndjson' };
    const response = await fetch(`${program.addresses.collect}/events`, { method: 'POST', headers, body });
    expect(response.ok).toBe(true);
  }
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${program.addresses.http}/api/v1${path}`, {
      ...init,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    });
  const get = async (path: string) => (await ask(path)).json();

  it('which fields there are, and which values they have', async () => {
    const { fields, sampled } = await get('/events/fields?q=line');
    expect(sampled).toBe(total);
    expect(fields).toContainEqual({ name: 'user.name', count: total });
    expect(await get('/events/values?q=message:line*&field=user.name&top=1')).toEqual({
      field: 'user.name',
      events: total,
      present: total,
      values: [{ value: 'lan', count: 200 }],
    });
    const { values } = await get('/events/values?q=message:line*&field=user.name&prefix=RO');
    expect(values).toEqual([{ value: 'root', count: 100 }]);
    expect((await ask('/events/values?field=')).status).toBe(400);
  });

  it('what happened around an event, and what noticed it', async () => {
    const [event] = (await get('/events?q=message:"line 150"')).events;
    const around = await get(`/events/surrounding?id=${event.id}&before=2&after=2`);
    const messages = (answer: typeof around) => answer.events.map((one: typeof event) => one.fields.message);
    expect(messages(around)).toEqual([148, 149, 150, 151, 152].map((n) => `line ${n}`));
    const same = await get(`/events/surrounding?id=${event.id}&same=user.name&before=1&after=1`);
    expect(messages(same)).toEqual([147, 150, 153].map((n) => `line ${n}`));
    expect(await get(`/events/related?id=${event.id}`)).toEqual({ detections: [], incidents: [] });
    expect((await ask('/events/surrounding?id=nothing')).status).toBe(404);
  });

  it('for everything as a file that a spreadsheet cannot be tricked with', async () => {
    const response = await ask('/events/export?q=message:line*&format=csv&columns=user.name,labels.note');
    expect(response.headers.get('x-kydai-events')).toBe(String(total));
    const rows = (await response.text()).trimEnd().split('\r\n');
    expect(rows[0]).toBe('time,id,source,dataset,user.name,labels.note,raw');
    expect(rows).toHaveLength(total + 1);
    expect(rows[6]).toContain(",'=cmd|calc,");
    expect(rows[1]).toContain('"plain, ""quoted"""');
    expect((await ask('/events/export?format=xls')).status).toBe(400);
    const file = join(program.folder, 'all.parquet');
    const exported = await program.cli('search', 'user.name:root', '--export', file);
    expect(exported.stdout).toContain('Wrote 100 events');
    expect(readFileSync(file).toString('latin1', 0, 4)).toBe('PAR1');
    expect((await program.cli('search', 'x', '--export', 'a.doc')).stderr).toContain('must end in');
  });

  it('to follow what comes', async () => {
    const stop = new AbortController();
    const response = await ask('/events/tail?q=user.name:mai', { signal: stop.signal });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    await reader.read();
    await send([
      { message: 'not this', 'user.name': 'lan' },
      { message: 'this', 'user.name': 'mai' },
    ]);
    let heard = '';
    while (!heard.includes('event: event')) heard += (await reader.read()).value ?? '';
    expect(heard).toContain('"message":"this"');
    expect(heard).not.toContain('not this');
    stop.abort();
  });

  it('in SQL, held and released, with entries in the audit log', async () => {
    const sql = (text: string) => ask('/store/sql', { method: 'POST', body: JSON.stringify({ sql: text }) });
    const answer = await (
      await sql(
        `select "user.name", count(*)::int as n from events where raw like '%line%' group by 1 order by 1`,
      )
    ).json();
    expect(answer).toEqual({
      columns: ['user.name', 'n'],
      rows: [
        ['lan', 200],
        ['root', 100],
      ],
      truncated: false,
    });
    for (const bad of [
      "select * from read_csv('/etc/passwd')",
      'drop table events',
      "copy events to '/tmp/x'",
    ])
      expect((await sql(bad)).status).toBe(400);
    expect((await program.cli('store', 'hold', 'án-12', '--reason', 'lệnh của toà')).code).toBe(0);
    expect((await program.cli('store', 'holds')).stdout).toContain('lệnh của toà');
    expect((await program.cli('store', 'release', 'án-12')).code).toBe(0);
    const { stdout } = await program.cli('audit', 'list', '--limit', '50');
    for (const action of ['events.sql', 'events.hold', 'events.release', 'events.export'])
      expect(stdout).toContain(action);
    expect((await program.cli('store', 'stats')).stdout).toMatch(/store +lake\nevents +3\d\d/);
    expect((await program.cli('store', 'migrate')).stderr).toContain('events.store');
  });
});
