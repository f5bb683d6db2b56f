import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import type { Decision, RecordStore } from '@kydai/contracts';
import { write } from '@kydai/contracts';
import {
  type Authority,
  createEstHandler,
  createOcspHandler,
  ocspRequestFor,
  openAuthority,
  openKeyStore,
} from '@kydai/pki';
import { openRecords } from '@kydai/store';
// @boundaries-ignore the bench speaks as devices do
import { ecKey, makeCsr } from '../../packages/pki/src/fixtures/request.ts';
// @boundaries-ignore the bench speaks as devices do
import { addRevocations, revocationPages } from '../../packages/pki/src/register/revocation-page.ts';

type Emit = (figure: {
  name: string;
  value: number;
  unit: string;
  baseline?: number;
  baselineName?: string;
  ratio?: number;
}) => void;

const clock = { now: () => Date.now() };
const permitted: Decision = {
  allowed: true,
  outcome: 'permitted',
  determining: [],
  failures: [],
  policySet: '000000000000',
};

/** The authority on the real record store (SQLite, synced) and encrypted keys; one process, policies that permit. */
export async function run(emit: Emit): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'kydai-bench-pki-'));
  const { records } = await openRecords({
    file: join(folder, 'records.db'),
    clock,
    auditKey: auditKey(),
    commits: 'thread',
  });
  try {
    const keys = await openKeyStore({ folder: join(folder, 'keys'), passphrase: 'for the bench only' });
    const authority = await openAuthority({
      records,
      keys,
      clock,
      decide: () => permitted,
      publicUrl: 'http://pki.example',
      organization: 'Bench',
    });
    await issueRate(emit, authority);
    await ocspRate(emit, authority);
    await estRate(emit, authority);
    await crl100k(emit, authority, records);
  } finally {
    await records.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function auditKey(): { publicKeyPem: string; privateKeyPem: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    publicKeyPem: String(publicKey.export({ format: 'pem', type: 'spki' })),
    privateKeyPem: String(privateKey.export({ format: 'pem', type: 'pkcs8' })),
  };
}

/**
 * Request check, lint, signature, record and audit entry on disk; 64 requests in flight. Requests are answered on one
 * thread, their signatures verified on another, and what came of them written on a third, so that the rate is held
 * against the cryptography on one thread and on two; `pki.issue.cpu` and `pki.issue.cpu.elsewhere` tell what the first
 * and all others spend on a certificate, whatever else the machine does.
 */
async function issueRate(emit: Emit, authority: Authority): Promise<void> {
  // node:crypto is compiled already: it is held against an authority that is, too. With fewer, a fifth of the time of
  // all threads is V8's compiler at work.
  const warm = 16_000;
  const requests = Array.from({ length: warm + 8000 }, (_, index) => {
    const id = `issue-${index}`;
    return { csr: makeCsr(id, ecKey()), profile: 'device', subject: id, by: 'user:bench' } as const;
  });
  await inFlight(64, requests.slice(0, warm), (request) => authority.issue(request));
  const timed = requests.slice(warm);
  const before = cryptoLimit();
  const [all, here] = [process.cpuUsage(), process.threadCpuUsage()];
  const started = performance.now();
  await inFlight(64, timed, (request) => authority.issue(request));
  const value = perSecond(timed.length, started);
  const spent = microseconds(process.threadCpuUsage(here)) / timed.length;
  const elsewhere = microseconds(process.cpuUsage(all)) / timed.length - spent;
  const after = cryptoLimit();
  const limit = (before.rate + after.rate) / 2;
  const crypto = (before.cpu + after.cpu) / 2;
  const what = 'node:crypto: import of the key, verification, signature';
  const rate = { name: 'pki.issue.rate', value, unit: 'certificates/s' };
  emit({ ...rate, baseline: limit, baselineName: `${what}, on one thread`, ratio: value / limit });
  const two = await limitOfTwo();
  const both = { baseline: two, baselineName: `${what}, on two threads`, ratio: value / two };
  emit({ ...rate, name: 'pki.issue.rate.two-threads', ...both });
  const cpu = { unit: 'us', baseline: crypto, baselineName: what };
  emit({ name: 'pki.issue.cpu', value: spent, ...cpu, ratio: crypto / spent });
  emit({ name: 'pki.issue.cpu.elsewhere', value: elsewhere, ...cpu, ratio: crypto / elsewhere });
}

function microseconds({ user, system }: NodeJS.CpuUsage): number {
  return user + system;
}

/** What the cryptography alone allows on one thread, and its CPU time for each certificate. */
function cryptoLimit(): { rate: number; cpu: number } {
  const data = Buffer.alloc(300, 1);
  const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = String(publicKey.export({ format: 'pem', type: 'spki' }));
  const signature = sign('sha256', data, privateKey);
  const once = (): void => {
    // From PEM: DER takes node:crypto twice as long, and a limit must not be the slower way.
    verify('sha256', data, createPublicKey(pem), signature);
    sign('sha256', data, authority.privateKey);
  };
  for (let round = 0; round < 300; round++) once();
  const count = 4000;
  const here = process.threadCpuUsage();
  const started = performance.now();
  for (let round = 0; round < count; round++) once();
  return {
    rate: perSecond(count, started),
    cpu: microseconds(process.threadCpuUsage(here)) / count,
  };
}

/** The same, two threads of it at a time. */
async function limitOfTwo(): Promise<number> {
  const rates = await Promise.all(
    [0, 1].map(async () => {
      const worker = new Worker(
        `const { createPublicKey, generateKeyPairSync, sign, verify } = require('node:crypto');
         const { performance } = require('node:perf_hooks');
         const perSecond = ${perSecond}; const microseconds = ${microseconds};
         require('node:worker_threads').parentPort.postMessage((${cryptoLimit})().rate);`,
        { eval: true },
      );
      const [rate] = (await once(worker, 'message')) as [number];
      return rate;
    }),
  );
  return rates[0]! + rates[1]!;
}

/**
 * Answers through the fetch handler, for certificates that exist, against a handler that only echoes: `pki.ocsp.rate`
 * with answers that were signed before, `pki.ocsp.signed.rate` with each signed anew.
 */
async function ocspRate(emit: Emit, authority: Authority): Promise<void> {
  const issuer = authority.certificateOf('device-ca');
  const requests: Uint8Array[] = [];
  for (let index = 0; index < 1000; index++) {
    const id = `ocsp-${index}`;
    const { der } = await authority.issue({
      csr: makeCsr(id),
      profile: 'device',
      subject: id,
      by: 'user:bench',
    });
    requests.push(ocspRequestFor(issuer, Buffer.from(der, 'base64')));
  }
  const ask = (body: Uint8Array): Request =>
    new Request('http://pki.example/pki/ocsp', { method: 'POST', body: new Uint8Array(body) });
  const time = async (answer: (request: Request) => Promise<Response>): Promise<number> => {
    const started = performance.now();
    await inFlight(64, requests, async (body) => (await answer(ask(body))).arrayBuffer());
    return perSecond(requests.length, started);
  };
  const echo = async (request: Request): Promise<Response> => new Response(await request.arrayBuffer());
  const handle = createOcspHandler({ authority });
  await time(echo);
  const baseline = await time(echo);
  const common = { unit: 'answers/s', baseline, baselineName: 'a fetch handler that echoes' };
  const signed = await time(handle);
  const value = await time(handle);
  emit({ name: 'pki.ocsp.rate', value, ...common, ratio: value / baseline });
  emit({ name: 'pki.ocsp.signed.rate', value: signed, ...common, ratio: signed / baseline });
}

/** First enrolments, each over a TLS connection of its own, from a client thread; against TLS and an echo. */
async function estRate(emit: Emit, authority: Authority): Promise<void> {
  const count = 600;
  const jobs: { path: string; authorization: string; body: string }[] = [];
  for (let index = 0; index < count; index++) {
    const deviceId = `est-${index}`;
    const { token } = await authority.enrolmentToken({
      deviceId,
      kind: 'sensor',
      zone: 'bench',
      minutes: 60,
      by: 'user:bench',
    });
    jobs.push({
      path: '/.well-known/est/simpleenroll',
      authorization: `Bearer ${token}`,
      body: Buffer.from(makeCsr(deviceId)).toString('base64'),
    });
  }
  const est = createEstHandler({ authority });
  const { keyPem, chainPem } = await authority.serverCertificate({ names: ['localhost'] });
  const server = createServer({ key: keyPem, cert: chainPem }, async (incoming, outgoing) => {
    const body = Readable.toWeb(incoming) as ReadableStream<Uint8Array>;
    const headers = { authorization: incoming.headers.authorization ?? '' };
    const request = new Request(`https://localhost${incoming.url}`, {
      method: 'POST',
      headers,
      body,
      duplex: 'half',
    } as RequestInit);
    const response =
      incoming.url === '/echo' ? new Response(body as never) : await est(request, { address: '127.0.0.1' });
    outgoing.writeHead(response.status).end(Buffer.from(await response.arrayBuffer()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const ca = authority.root.pem;
  const baseline = await drive(
    port,
    ca,
    jobs.map((job) => ({ ...job, path: '/echo' })),
  );
  const value = await drive(port, ca, jobs);
  server.close();
  emit({
    name: 'pki.est.rate',
    value,
    unit: 'enrolments/s',
    baseline,
    baselineName: 'TLS handshake and echo, same client and server',
    ratio: value / baseline,
  });
}

const client = `
const { parentPort, workerData } = require('node:worker_threads');
const { request } = require('node:https');
const { port, ca, jobs } = workerData;
let next = 0, bad = 0;
const one = () => new Promise((resolve, reject) => {
  const job = jobs[next++];
  const call = request({ host: 'localhost', port, ca, agent: false, method: 'POST', path: job.path, headers: { authorization: job.authorization, 'content-length': job.body.length } }, (response) => {
    if (response.statusCode !== 200) bad++;
    response.resume().on('end', resolve);
  });
  call.on('error', reject).end(job.body);
});
(async () => {
  const started = performance.now();
  await Promise.all(Array.from({ length: 32 }, async () => { while (next < jobs.length) await one(); }));
  parentPort.postMessage({ rate: jobs.length / ((performance.now() - started) / 1000), bad });
})();`;

async function drive(port: number, ca: string, jobs: readonly object[]): Promise<number> {
  const worker = new Worker(client, { eval: true, workerData: { port, ca, jobs } });
  const [{ rate, bad }] = (await once(worker, 'message')) as [{ rate: number; bad: number }];
  await worker.terminate();
  if (bad > 0) throw new Error(`${bad} of ${jobs.length} requests were refused`);
  return rate;
}

/** A CRL of 100,000 revocations, from asking to DER, the reading of the records included. Best of three. */
async function crl100k(emit: Emit, authority: Authority, records: RecordStore): Promise<void> {
  const now = Date.now();
  const perShard = 1999;
  for (let shard = 10; shard * perShard < 100_000 + 10 * perShard; shard++) {
    const place = { issuer: 'device-ca-1', shard };
    const many = Array.from({ length: perShard }, (_, index) => ({
      serial: `7${(shard * perShard + index).toString(16).padStart(31, '0')}`,
      at: now - (shard * perShard + index) * 1000,
      recorded: now,
      reason: 'superseded' as const,
      notAfter: now + 86_400_000 * 30,
    }));
    await records.commit([write.put(revocationPages, addRevocations(undefined, place, many))]);
  }
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 3; round++) {
    const { serial } = await authority.issue({
      csr: makeCsr(`crl-${round}`),
      profile: 'device',
      subject: `crl-${round}`,
      by: 'user:bench',
    });
    await authority.revoke(serial, 'superseded', 'user:bench');
    const started = performance.now();
    await authority.crl('device-ca');
    best = Math.min(best, performance.now() - started);
  }
  emit({ name: 'pki.crl.100k', value: best, unit: 'ms' });
}

async function inFlight<T>(
  width: number,
  items: readonly T[],
  act: (item: T) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (let item = items[next++]; item !== undefined; item = items[next++]) await act(item);
    }),
  );
}

function perSecond(count: number, started: number): number {
  return count / ((performance.now() - started) / 1000);
}
