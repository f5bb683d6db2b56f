import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const main = join(import.meta.dirname, '../packages/kydai/src/main.ts');

export interface Addresses {
  readonly http: string;
  readonly devices: string;
  readonly deviceMqtt: string;
  readonly status: string;
  readonly collect: string;
  readonly syslogUdp: string;
  readonly syslogTcp: string;
  readonly syslogTls: string;
}

/** What this process must undo when it exits, in the order in which it was done. */
const atExit = new Set<() => unknown>();
process.once('exit', () => {
  for (const undo of atExit) undo();
});

/** The program as a user runs it: a process of its own, spoken to over its interfaces. */
export interface Program {
  readonly folder: string;
  readonly addresses: Addresses;
  /** What it printed so far. */
  readonly printed: string;
  /** Runs `kydai ARGS` against it. */
  cli(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }>;
  /** The one-time sign-in link that it printed. */
  signInLink(): string;
  /** Sends a signal and waits for the end; resolves to the exit code, or the signal's name. */
  stop(signal?: NodeJS.Signals): Promise<number | string>;
  /** Stops it, and starts it again on the same data. */
  restart(signal?: NodeJS.Signals): Promise<Program>;
}

/** Every port is the system's choice, so that several programs can run at once. */
const anyPorts = {
  KYDAI_HTTP_PORT: '0',
  KYDAI_DEVICES_PORT: '0',
  KYDAI_DEVICES_MQTT_PORT: '0',
  KYDAI_STATUS_PORT: '0',
  KYDAI_COLLECT_PORT: '0',
  KYDAI_SYSLOG_UDP_PORT: '0',
  KYDAI_SYSLOG_TCP_PORT: '0',
  KYDAI_SYSLOG_TLS_PORT: '0',
};

/** Starts the program on a fresh folder (removed at exit), or on the given one. */
export async function startProgram(
  options: { readonly folder?: string; readonly environment?: Readonly<Record<string, string>> } = {},
): Promise<Program> {
  const folder = options.folder ?? temporaryFolder();
  const { KYDAI_CONFIG: _, ...inherited } = process.env;
  const environment = {
    ...inherited,
    KYDAI_DATA: join(folder, 'data'),
    KYDAI_LOG_LEVEL: 'warn',
    ...anyPorts,
    ...options.environment,
  };
  const child = spawn(process.execPath, [main, 'start'], {
    cwd: folder,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | string>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
  });
  atExit.add(() => child.kill('SIGKILL'));
  const addresses = await ready(child, join(folder, 'data/operator.json'), () => printed);

  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal);
    return ended;
  };
  return {
    folder,
    addresses,
    get printed() {
      return printed;
    },
    cli: (...args) =>
      new Promise((resolve) => {
        execFile(
          process.execPath,
          [main, ...args],
          { cwd: folder, env: environment, maxBuffer: 64 * 1024 * 1024 },
          (error, stdout, stderr) =>
            resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
        );
      }),
    signInLink: () => /https?:\S+\/sign-in\/link\?secret=\S+/.exec(printed)![0],
    stop,
    async restart(signal) {
      await stop(signal);
      return startProgram({ ...options, folder });
    },
  };
}

async function ready(child: ChildProcess, file: string, printed: () => string): Promise<Addresses> {
  for (let waited = 0; waited < 60_000; waited += 25) {
    if (child.exitCode !== null) throw new Error(`the program ended at once: ${printed()}`);
    if (existsSync(file) && printed().includes('Ctrl-C')) {
      const operator = JSON.parse(readFileSync(file, 'utf8')) as { pid: number; addresses: Addresses };
      if (operator.pid === child.pid) return operator.addresses;
    }
    await delay(25);
  }
  throw new Error(`the program did not start: ${printed()}`);
}

/** A folder that is removed when this process exits. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kydai-test-'));
  atExit.add(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Asks again until the answer is truthy; rejects after `limit` milliseconds. */
export async function eventually<T>(ask: () => Promise<T>, limit = 15_000): Promise<NonNullable<T>> {
  const end = Date.now() + limit;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error('it did not happen in time');
    await delay(50);
  }
}
