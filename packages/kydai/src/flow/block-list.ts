import { isIP } from 'node:net';
import { type Clock, type PolicyEntity, type RecordStore, recordKind, write } from '@kydai/contracts';
import { z } from 'zod';
import { isLoopback } from '../config/load.ts';
import { ShellError } from '../error.ts';
import type { Change } from '../notify/change.ts';
import { inNetworks } from './networks.ts';

export const Blocked = z.strictObject({
  kind: z.enum(['address', 'build']),
  id: z.string(),
  reason: z.string(),
  by: z.string(),
  at: z.number(),
});
export type Blocked = z.infer<typeof Blocked>;

export const blocked = recordKind<Blocked>({
  name: 'blocked',
  schema: Blocked,
  key: (entry) => `${entry.kind}:${entry.id}`,
  indexes: { kind: (entry) => entry.kind, at: (entry) => entry.at },
});

/** Addresses that our listeners refuse and firewalls can fetch, and builds that the release policies forbid. */
export interface BlockList {
  block(address: string, reason: string, by: string): Promise<void>;
  blockBuild(build: string, reason: string, by: string): Promise<void>;
  has(address: string): boolean;
  /** A person works at the console from here: not to be blocked for an hour. */
  spare(address: string): void;
  hasBuild(build: string): boolean;
  /** All blocked addresses, sorted. */
  addresses(): readonly string[];
  /** Everything that is blocked, with reason and by whom; newest first. */
  list(): Promise<readonly Blocked[]>;
  /** Lifts a block; false where there was none. */
  release(kind: Blocked['kind'], id: string, by: string): Promise<boolean>;
}

const spareFor = 3_600_000;
const mostAtWork = 10_000;

export async function openBlockList(
  records: RecordStore,
  clock: Clock,
  entities: { upsert(entity: PolicyEntity): void },
  /** Addresses and networks that are never blocked. */
  never: readonly string[] = [],
  /** Told of what is blocked and what is not any more. */
  onChange: (change: Change) => void = () => {},
): Promise<BlockList> {
  const isSpared = inNetworks(never);
  const atWork = new Map<string, number>();
  const addresses = new Set<string>();
  const builds = new Set<string>();
  const learn = ({ kind, id }: Blocked) => {
    if (kind === 'address') addresses.add(id);
    else {
      builds.add(id);
      entities.upsert({ uid: { type: 'Build', id }, attrs: { blocked: true }, parents: [] });
    }
  };
  for (let offset = 0; ; offset += 10_000) {
    const page = await records.find(blocked, { limit: 10_000, offset });
    for (const { value } of page.records) learn(value);
    if (page.records.length < 10_000) break;
  }

  const add = async (entry: Blocked) => {
    await records.commit([write.put(blocked, entry)]);
    learn(entry);
    onChange({ type: 'blocked', kind: entry.kind, id: entry.id, by: entry.by });
  };
  return {
    async block(address, reason, by) {
      if (isIP(address) === 0)
        throw new ShellError('invalid', `\`${address.slice(0, 60)}\` is not an IP address`);
      if (isLoopback(address)) throw new ShellError('invalid', 'this machine itself cannot be blocked');
      if (isSpared(address))
        throw new ShellError(
          'invalid',
          `\`${address}\` is never blocked: it is ours or in the setting response.neverBlock`,
        );
      if ((atWork.get(address) ?? Number.NEGATIVE_INFINITY) > clock.now() - spareFor)
        throw new ShellError(
          'invalid',
          `\`${address}\` is not blocked: a person works at the console from it`,
        );
      await add({ kind: 'address', id: address, reason, by, at: clock.now() });
    },
    blockBuild: (build, reason, by) => add({ kind: 'build', id: build, reason, by, at: clock.now() }),
    has: (given) => {
      const address = given.replace(/^::ffff:/, '');
      return addresses.has(address) && !isLoopback(address) && !isSpared(address);
    },
    spare(given) {
      const address = given.replace(/^::ffff:/, '');
      atWork.delete(address);
      atWork.set(address, clock.now());
      if (atWork.size > mostAtWork) atWork.delete(atWork.keys().next().value ?? '');
    },
    hasBuild: (build) => builds.has(build),
    addresses: () => [...addresses].filter((address) => !isSpared(address)).sort(),
    async list() {
      const found = await records.find(blocked, { order: '-at', limit: 10_000 });
      return found.records.map(({ value }) => value);
    },
    async release(kind, id, by) {
      const key = `${kind}:${id}`;
      if ((await records.get(blocked, key)) === undefined) return false;
      const entry = { at: clock.now(), actor: by, action: 'block.release', target: key, detail: {} };
      await records.commit([write.delete(blocked, key)], [entry]);
      if (kind === 'address') addresses.delete(id);
      else {
        builds.delete(id);
        entities.upsert({ uid: { type: 'Build', id }, attrs: { blocked: false }, parents: [] });
      }
      onChange({ type: 'unblocked', kind, id, by });
      return true;
    },
  };
}
