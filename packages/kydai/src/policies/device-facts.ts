import { type Clock, type RecordStore, recordKind, write } from '@kydai/contracts';
import { z } from 'zod';

/** Where a fact about a device comes from, when it was found, and until when it may be believed (epoch milliseconds). */
export const DeviceFact = z.strictObject({
  device: z.string(),
  /** `risk`: the risk score of the register. */
  name: z.enum(['risk']),
  source: z.string(),
  at: z.number().int(),
  until: z.number().int(),
});
export type DeviceFact = z.infer<typeof DeviceFact>;

export const deviceFacts = recordKind<DeviceFact>({
  name: 'device_facts',
  schema: DeviceFact,
  key: (fact) => `${fact.device}/${fact.name}`,
  indexes: { until: (fact) => fact.until },
});

export interface DeviceFacts {
  /** Keeps a fact's source and time, in place of what was known before. */
  learn(fact: DeviceFact, by: string): Promise<void>;
  of(device: string): readonly DeviceFact[];
  /** Facts that went stale since this was asked last. */
  newlyStale(): readonly DeviceFact[];
}

/** Source and time of what is known of devices. A device of which nothing was ever reported has no facts to go stale. */
export async function openDeviceFacts(records: RecordStore, clock: Clock): Promise<DeviceFacts> {
  const known = new Map<string, DeviceFact[]>();
  let swept = clock.now();
  const keep = (fact: DeviceFact) => {
    const others = (known.get(fact.device) ?? []).filter(({ name }) => name !== fact.name);
    known.set(fact.device, [...others, fact]);
  };
  for (let offset = 0; ; offset += 10_000) {
    const page = await records.find(deviceFacts, { limit: 10_000, offset });
    for (const { value } of page.records) keep(value);
    if (page.records.length < 10_000) break;
  }
  return {
    async learn(fact, by) {
      const { device, name, source, until } = fact;
      const entry = {
        at: clock.now(),
        actor: by,
        action: 'fact.report',
        target: `device:${device}`,
        detail: { name, source, until },
      };
      await records.commit([write.put(deviceFacts, DeviceFact.parse(fact))], [entry]);
      keep(fact);
    },
    of: (device) => known.get(device) ?? [],
    newlyStale() {
      const [from, to] = [swept, clock.now()];
      swept = to;
      return [...known.values()].flatMap((facts) => facts.filter(({ until }) => until >= from && until < to));
    },
  };
}
