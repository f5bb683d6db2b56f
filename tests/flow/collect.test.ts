import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shell } from '../clients/checks.ts';
import { eventually, type Program, startProgram, temporaryFolder } from '../program.ts';

interface Ledger {
  readonly source: string;
  readonly received: number;
  readonly kept: number;
  readonly refused: number;
  readonly dropped: number;
  readonly pending: number;
  readonly reasons: Readonly<Record<string, number>>;
}

describe('what is collected', () => {
  const folder = temporaryFolder();
  let program: Program;

  beforeAll(async () => {
    program = await startProgram({ folder });
  });
  afterAll(() => program.stop());

  const operatorKey = () =>
    (JSON.parse(readFileSync(join(folder, 'data/operator.json'), 'utf8')) as { key: string }).key;
  const call = (path: string, init: RequestInit = {}) =>
    fetch(program.addresses.http + path, {
      ...init,
      headers: { authorization: `Bearer ${operatorKey()}`, 'content-type': 'application/json' },
    });
  const ledger = async (source: string) => {
    const { sources } = (await (await call('/api/v1/sources')).json()) as { sources: Ledger[] };
    return sources.find((each) => each.source === source);
  };
  const search = async (query: string) => {
    const { stdout } = await program.cli('search', query, '--limit', '1000', '--json');
    return stdout
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as { raw: string; dataset: string; fields: Record<string, unknown> });
  };

  it('comes over TLS from senders that hold a certificate of ours, until it is revoked', async () => {
    await shell(folder, `curl -fsS ${program.addresses.status}/pki/ca/root.pem -o root.pem`);
    const { stdout } = await program.cli(
      'pki',
      'token',
      'gw-001',
      '--kind',
      'gateway',
      '--zone',
      'district-1',
    );
    expect((await shell(folder, stdout.slice(stdout.indexOf('  curl ')))).code).toBe(0);
    const pem = (name: string) => readFileSync(join(folder, name), 'utf8');
    const [host, port] = program.addresses.syslogTls.split(':') as [string, string];
    const dial = (own: object) => connect({ host, port: Number(port), ca: pem('root.pem'), ...own });
    const own = { key: pem('gw-001.key'), cert: pem('gw-001.pem') };

    const socket = dial(own);
    const ended = new Promise<void>((resolve) => void socket.once('close', () => resolve()));
    socket.on('error', () => {});
    socket.write('<13>1 2026-11-21T10:00:00+07:00 gw-001 tlstest - - - xin chào qua TLS\n');
    const [event] = await eventually(async () => {
      const found = await search('process.name:tlstest');
      return found.length > 0 ? found : undefined;
    });
    expect(event?.fields['message']).toBe('xin chào qua TLS');
    expect(await ledger('syslog-tls/gw-001')).toMatchObject({ received: 1, kept: 1 });

    const serial = (await shell(folder, 'openssl x509 -in gw-001.pem -noout -serial')).output
      .trim()
      .replace('serial=', '')
      .toLowerCase();
    expect((await program.cli('pki', 'revoke', serial, '--reason', 'keyCompromise')).code).toBe(0);
    await ended;
    const turnedAway = async (certificate: object) => {
      const again = dial(certificate);
      const closed = new Promise<void>((resolve) => void again.once('close', () => resolve()));
      again.on('error', () => {});
      again.write('<13>1 2026-11-21T10:00:01+07:00 gw-001 tlstest - - - after the end\n');
      await closed;
    };
    await turnedAway(own);
    await turnedAway({});
    expect(await search('process.name:tlstest')).toHaveLength(1);
  });

  it('comes as OTLP logs', async () => {
    const response = await fetch(`${program.addresses.collect}/v1/logs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        resourceLogs: [
          {
            resource: { attributes: [{ key: 'service.name', value: { stringValue: 'citizen-portal' } }] },
            scopeLogs: [{ logRecords: [{ body: { stringValue: 'an otlp line of the portal' } }] }],
          },
        ],
      }),
    });
    expect(response.status).toBe(200);
    expect(await eventually(async () => (await search('"otlp line of the portal"'))[0])).toMatchObject({
      fields: { 'service.name': 'citizen-portal' },
    });
  });

  it('stays in the accounts over a stop and over a kill, and in the signed log', async () => {
    const send = async (count: number) => {
      const body = Array.from(
        { length: count },
        (_, n) => `${JSON.stringify({ message: `counted ${n}` })}\n`,
      );
      const response = await fetch(`${program.addresses.collect}/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-ndjson' },
        body: body.join(''),
      });
      expect(await response.json()).toMatchObject({ kept: count });
    };
    await send(40);
    const before = (await ledger('http/127.0.0.1'))!;
    program = await program.restart();
    expect(await ledger('http/127.0.0.1')).toEqual(before);

    await send(25);
    program = await program.restart('SIGKILL');
    const after = (await ledger('http/127.0.0.1'))!;
    expect(after.kept).toBe(before.kept + 25);
    expect(after.received).toBe(after.kept + after.refused + after.dropped + after.pending);
    expect(after.reasons['counted-after-kill']).toBe(25);

    const page = (await (await call('/api/v1/audit?limit=1000')).json()) as {
      items: { entry: { action: string; target: string; detail: Record<string, unknown> } }[];
    };
    const statement = page.items.find(
      ({ entry }) => entry.action === 'ledger.state' && entry.target === 'source:http/127.0.0.1',
    );
    expect(statement?.entry.detail).toMatchObject({ received: before.received, kept: before.kept });
  });
});

describe('collecting over TLS', () => {
  it('serves HTTP senders with a certificate of ours, and `kydai ship` trusts it by its authority', async () => {
    const folder = temporaryFolder();
    const program = await startProgram({ folder, environment: { KYDAI_COLLECT_TLS: 'on' } });
    const { collect, status } = program.addresses;
    expect(collect).toMatch(/^https:/);
    writeFileSync(join(folder, 'app.log'), 'a line over TLS\n');
    const sent = await shell(
      folder,
      `curl -fsS ${status}/pki/ca/root.pem -o root.pem
       curl -fsS --cacert root.pem ${collect}/events -H 'content-type: application/json' -d '{"message":"by curl"}'`,
    );
    expect(sent.output).toMatch(/"kept":1/);
    const ship = (...more: string[]) =>
      program.cli('ship', 'app.log', '--once', '--state', 'ship.json', '--to', collect, ...more);
    expect((await ship('--ca', 'root.pem')).stdout).toMatch(/^1 lines shipped$/m);
    await program.stop();
  });
});

describe('a city’s own parsers', () => {
  const folder = temporaryFolder();
  const content = join(folder, 'content');

  it('read its lines, and a parser that fails its own case stops the start with its name', async () => {
    mkdirSync(content, { recursive: true });
    await shell(
      folder,
      `cp -r ${join(import.meta.dirname, '../../policies')} ${join(import.meta.dirname, '../../runbooks')} content/`,
    );
    mkdirSync(join(content, 'policies/parsers'), { recursive: true });
    const parser = (level: string) =>
      JSON.stringify({
        name: 'barrier',
        programs: ['barrierd'],
        dataset: 'barrier.log',
        rows: [
          {
            match: 'gate {barrier.gate:word} opened by {user.name:rest}',
            set: { 'event.action': 'gate_opened' },
          },
        ],
        tests: [{ message: 'gate A7 opened by lan', fields: { 'barrier.gate': 'A7', 'user.name': level } }],
      });
    const file = join(content, 'policies/parsers/barrier.json');
    writeFileSync(file, parser('lan'));
    const environment = { KYDAI_CONTENT: content, KYDAI_SYSLOG_ZONE: 'Asia/Ho_Chi_Minh' };
    const program = await startProgram({ folder, environment });
    const lines = `${JSON.stringify({ message: '<13>Nov 21 10:00:00 gate-1 barrierd: gate B2 opened by minh' })}\n`;
    await fetch(`${program.addresses.collect}/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: lines,
    });
    const { stdout } = await program.cli('search', 'barrier.gate:B2', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ dataset: 'barrier.log', fields: { 'user.name': 'minh' } });
    await program.stop();
    writeFileSync(file, parser('somebody else'));
    await expect(startProgram({ folder, environment })).rejects.toThrow(/policies\/parsers\/barrier\.json/);
  });
});
