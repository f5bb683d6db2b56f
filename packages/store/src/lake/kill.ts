import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { loadOf } from './kill-load.ts';
import { openLake } from './open.ts';

const appender = fileURLToPath(new URL('./kill-appender.ts', import.meta.url));

export interface KillReport {
  /** Events that the killed processes had been told were durable. */
  readonly acknowledged: number;
  /** Acknowledged events that are not in the store. */
  readonly lost: number;
  /** Events that the store holds more than once. */
  readonly doubled: number;
}

/**
 * Starts processes that append under load to one lake, kills each with SIGKILL at a random moment, and after every few
 * kills reads the whole lake and empties it: every acknowledged event must have been there exactly once.
 */
export async function killRounds(
  folder: string,
  rounds: number,
  random: () => number,
  key?: Uint8Array,
): Promise<KillReport> {
  const acknowledged = new Set<string>();
  let all = 0;
  let lost = 0;
  let doubled = 0;
  for (let round = 0; round < rounds; round++) {
    const child = spawn(
      process.execPath,
      [appender, folder, String(round), key === undefined ? '' : Buffer.from(key).toString('hex')],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    await killed(child, acknowledged, 20 + random() * 400);
    if (round % 5 === 4 || round === rounds - 1) {
      const stored = await readAll(folder, key);
      for (const key of acknowledged) if (!stored.has(key)) lost++;
      for (const count of stored.values()) if (count > 1) doubled++;
      all += acknowledged.size;
      acknowledged.clear();
    }
  }
  return { acknowledged: all, lost, doubled };
}

/** Notes what a child says was acknowledged, and kills it `after` milliseconds from its first word. */
async function killed(child: ChildProcess, acknowledged: Set<string>, after: number): Promise<void> {
  const lines = createInterface({ input: child.stdout! });
  let timer: NodeJS.Timeout | undefined;
  for await (const line of lines) {
    timer ??= setTimeout(() => child.kill('SIGKILL'), after);
    // A line that the kill cut short has no full stop at its end.
    if (!line.endsWith('.')) continue;
    const [round, from, to] = line.slice(0, -1).split(' ').map(Number);
    const { event } = loadOf(round!);
    for (let n = from!; n < to!; n++) acknowledged.add(event(n).id);
  }
  clearTimeout(timer);
}

/** Reads everything, and deletes it: what is lost or doubled by deleting is found by the next reading. */
async function readAll(folder: string, key: Uint8Array | undefined): Promise<ReadonlyMap<string, number>> {
  const lake = await openLake({ folder, clock: { now: () => Date.now() }, ...(key && { key }) });
  const stored = new Map<string, number>();
  let cursor: string | undefined;
  do {
    const page = await lake.search({
      limit: 10_000,
      order: 'oldest',
      ...(cursor !== undefined && { cursor }),
    });
    for (const { id } of page.events) stored.set(id, (stored.get(id) ?? 0) + 1);
    cursor = page.next;
  } while (cursor !== undefined);
  const removed = await lake.retain(undefined, Date.now() + 86_400_000);
  if (removed < stored.size) throw new Error(`${removed} of ${stored.size} events could be deleted`);
  await lake.close();
  return stored;
}
