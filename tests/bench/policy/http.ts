import type { AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';
import { serve } from '@hono/node-server';
import { createAuthZenHandler, createEngine, EntityStore, loadPolicySet } from '@kydai/policy';
import { Hono } from 'hono';
import type { Figure } from '../run.ts';
import type { LoadResult } from './load.ts';

/** Both are asked in turns, since other work on the machine comes and goes; the medians count. */
const rounds = 5;
const seconds = 1;

/** AuthZEN evaluations over loopback HTTP, and a bare Hono handler that answers the same bytes, asked the same way. */
export async function benchHttp(emit: (figure: Figure) => void): Promise<void> {
  const policySet = loadPolicySet({
    schema: {
      file: 'http.cedarschema',
      text: `entity Zone in [Zone]; entity Device in [Zone] { quarantined: Bool, risk: Long }; entity Dataset;
action publish appliesTo { principal: [Device], resource: [Dataset], context: { hour: Long } };`,
    },
    policies: [
      {
        file: 'http.cedar',
        text: `@id("publish") permit (principal in Zone::"city", action == Action::"publish", resource)
when { principal.risk < 80 && context.hour < 24 };
@id("quarantine") forbid (principal, action, resource) when { principal.quarantined };`,
      },
    ],
  });
  const entities = new EntityStore();
  entities.upsert({
    uid: { type: 'Device', id: 'cam-1' },
    attrs: { quarantined: false, risk: 5 },
    parents: [{ type: 'Zone', id: 'city' }],
  });
  const { decide } = createEngine({ policySet, entities });
  const handler = createAuthZenHandler({ decide, entities, clock: Date });
  const app = new Hono();
  app.post('/access/v1/evaluation', (context) => handler(context.req.raw));
  app.post('/bare', async (context) => {
    await context.req.json();
    return context.json({ decision: true });
  });
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
  try {
    if (!server.listening) await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const bareRounds: LoadResult[] = [];
    const ourRounds: LoadResult[] = [];
    for (let round = 0; round < rounds; round++) {
      bareRounds.push(await load(port, '/bare'));
      ourRounds.push(await load(port, '/access/v1/evaluation'));
    }
    const [bare, ours] = [median(bareRounds), median(ourRounds)];
    const baselineName = 'bare Hono handler that reads JSON and answers';
    emit({
      name: 'policy.http.rate',
      value: ours.rate,
      unit: 'decisions/s',
      baseline: bare.rate,
      baselineName,
      ratio: ours.rate / bare.rate,
    });
    emit({
      name: 'policy.http.p99',
      value: ours.p99,
      unit: 'ms',
      baseline: bare.p99,
      baselineName,
      ratio: ours.p99 / bare.p99,
    });
  } finally {
    server.close();
  }
}

function median(results: readonly LoadResult[]): LoadResult {
  const middle = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
  return { rate: middle(results.map(({ rate }) => rate)), p99: middle(results.map(({ p99 }) => p99)) };
}

/** Load from another thread, so that asking does not slow answering. */
function load(port: number, path: string): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('load.ts', import.meta.url), { workerData: { port, path, seconds } });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}
