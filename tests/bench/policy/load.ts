import { Agent, request } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';

/** A worker that asks the same over and over on 16 connections, and reports what it measured after a warm-up. */
export interface LoadResult {
  readonly rate: number;
  /** Milliseconds. */
  readonly p99: number;
}

const { port, path, seconds } = workerData as { port: number; path: string; seconds: number };
const connections = 16;
const agent = new Agent({ keepAlive: true, maxSockets: connections });
const body = JSON.stringify({
  subject: { type: 'device', id: 'cam-1' },
  action: { name: 'publish' },
  resource: { type: 'dataset', id: 'video' },
  context: { hour: 8 },
});

function ask(): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const call = request({ host: '127.0.0.1', port, path, method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => {
        if (text.startsWith('{"decision":true')) resolve();
        else reject(new Error(`unexpected answer: ${text}`));
      });
    });
    call.on('error', reject);
    call.end(body);
  });
}

async function drive(until: number, times: number[]): Promise<void> {
  while (performance.now() < until) {
    const start = performance.now();
    await ask();
    times.push(performance.now() - start);
  }
}

async function phase(length: number): Promise<number[]> {
  const times: number[] = [];
  const until = performance.now() + length * 1000;
  await Promise.all(Array.from({ length: connections }, () => drive(until, times)));
  return times.sort((a, b) => a - b);
}

await phase(0.5);
const times = await phase(seconds);
agent.destroy();
parentPort!.postMessage({
  rate: times.length / seconds,
  p99: times[Math.floor(times.length * 0.99)]!,
} satisfies LoadResult);
