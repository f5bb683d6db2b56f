import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { serve } from '@hono/node-server';
import { loadConfig, startKydai } from '@kydai/kydai';
import { Hono } from 'hono';
import { pino } from 'pino';
import { enrolled } from '../flow/enrolled.ts';
import { temporaryFolder } from '../program.ts';
import type { Asked, Measured } from './policy-http/load.ts';
import type { Figure } from './run.ts';

/** All are asked in turns, since other work on the machine comes and goes; the medians count. */
const rounds = 3;

/**
 * The whole program over loopback HTTP: guard, decision, metrics, and every decision kept as an event, over AuthZEN and
 * over the door for nginx (which also checks the device's certificate). Beside it a bare Hono handler in the same
 * process. `npm run bench -- policy` measures the AuthZEN handler alone.
 */
export async function run(emit: (figure: Figure) => void): Promise<void> {
  const folder = temporaryFolder();
  const environment = {
    ...Object.fromEntries(
      ['HTTP', 'DEVICES', 'STATUS', 'COLLECT', 'SYSLOG_UDP', 'SYSLOG_TCP', 'SYSLOG_TLS'].map((name) => [
        `KYDAI_${name}_PORT`,
        '0',
      ]),
    ),
    KYDAI_DATA: join(folder, 'data'),
    KYDAI_ENFORCE_ROUTES: JSON.stringify([
      {
        method: 'POST',
        path: '/readings/**',
        action: 'publish',
        resource: { type: 'Dataset', id: 'readings' },
      },
    ]),
  };
  const config = loadConfig({ file: join(folder, 'kydai.yaml'), required: false, environment });
  const running = await startKydai({ config, environment, log: pino({ level: 'silent' }) });
  const app = new Hono();
  app.post('/bare', async (context) => {
    await context.req.json();
    return context.json({ decision: true });
  });
  const bareServer = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
  try {
    const pem = await enrolled(running, 'cam-bench');
    if (!bareServer.listening) await new Promise((resolve) => bareServer.once('listening', resolve));
    const body = JSON.stringify({
      subject: { type: 'device', id: 'cam-bench' },
      action: { name: 'publish' },
      resource: { type: 'dataset', id: 'readings' },
    });
    const json = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };
    const port = Number(new URL(running.addresses.http).port);
    const bare: Asked = {
      port: (bareServer.address() as AddressInfo).port,
      method: 'POST',
      path: '/bare',
      headers: json,
      body,
      status: 200,
    };
    const doors: Readonly<Record<string, Asked>> = {
      bare,
      program: { ...bare, port, path: '/access/v1/evaluation' },
      nginx: {
        port,
        method: 'GET',
        path: '/access/v1/nginx',
        headers: {
          'x-original-method': 'POST',
          'x-original-uri': '/readings/1',
          'x-ssl-client-verify': 'SUCCESS',
          'x-ssl-client-cert': encodeURIComponent(pem),
        },
        body: '',
        status: 204,
      },
    };
    const measured = new Map<string, Measured[]>(Object.keys(doors).map((door) => [door, []]));
    for (let round = 0; round < rounds; round++)
      for (const [door, asked] of Object.entries(doors)) measured.get(door)!.push(await load(asked));
    const baseline = median(measured.get('bare')!);
    for (const door of ['program', 'nginx']) {
      const { rate, p99 } = median(measured.get(door)!);
      const figure = (name: keyof Measured, value: number, unit: string) =>
        emit({
          name: `policy.http.${door}.${name}`,
          value,
          unit,
          baseline: baseline[name],
          baselineName: 'bare Hono handler that reads JSON and answers',
          ratio: value / baseline[name],
        });
      figure('rate', rate, 'decisions/s');
      figure('p99', p99, 'ms');
    }
    const account = running.kydai.intake.ledgers().find(({ source }) => source === 'internal/decisions');
    emit({
      name: 'policy.http.lost-decision-events',
      value: (account?.dropped ?? 0) + (account?.refused ?? 0),
      unit: `of ${account?.received ?? 0} events`,
    });
  } finally {
    bareServer.close();
    await running.stop();
  }
}

/** Load from another thread, so that asking does not slow answering. */
function load(asked: Asked): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('policy-http/load.ts', import.meta.url), { workerData: asked });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

function median(all: readonly Measured[]): Measured {
  const middle = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
  return { rate: middle(all.map(({ rate }) => rate)), p99: middle(all.map(({ p99 }) => p99)) };
}
