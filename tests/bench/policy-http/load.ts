import { Agent, request } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';

/** One request, asked over and over. */
export interface Asked {
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The status that every answer must have. */
  readonly status: number;
}

export interface Measured {
  readonly rate: number;
  /** Milliseconds. */
  readonly p99: number;
}

const connections = 16;
const seconds = 1;
const { status, body, ...asked } = workerData as Asked;
const agent = new Agent({ keepAlive: true, maxSockets: connections });

function ask(): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', agent, ...asked }, (response) => {
      response.resume();
      response.once('end', () =>
        response.statusCode === status ? resolve() : reject(new Error(`status ${response.statusCode}`)),
      );
    });
    call.once('error', reject);
    call.end(body);
  });
}

async function phase(length: number): Promise<number[]> {
  const times: number[] = [];
  const until = performance.now() + length * 1000;
  const drive = async () => {
    while (performance.now() < until) {
      const start = performance.now();
      await ask();
      times.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: connections }, drive));
  return times.sort((a, b) => a - b);
}

await phase(0.5);
const times = await phase(seconds);
agent.destroy();
parentPort!.postMessage({
  rate: times.length / seconds,
  p99: times[Math.floor(times.length * 0.99)]!,
} satisfies Measured);
