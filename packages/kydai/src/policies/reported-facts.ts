import { type CedarUid, type Clock, type RecordStore, recordKind, write } from '@kydai/contracts';
import { type EntityStore, type ExpiredFact, isFactType, PolicyError, type PolicySet } from '@kydai/policy';
import { z } from 'zod';
import { ShellError } from '../error.ts';
import type { Change } from '../notify/change.ts';
import type { Composition, EntityPart } from './composition.ts';

/** What is believed of an entity, on whose word, since when, and until when (epoch milliseconds). */
export const ReportedFact = z.strictObject({
  /** Cedar type and id: `Device`, `cam-1`. */
  type: z.string().min(1).max(256),
  id: z.string().min(1).max(1024),
  /** An attribute that the schema of decisions declares as a fact, or else a tag: `risk`, `firmware`, `patch-level`. */
  name: z.string().min(1).max(64),
  value: z.union([z.boolean(), z.number().int(), z.string().max(1024)]),
  source: z.string().min(1).max(128),
  at: z.number().int(),
  until: z.number().int(),
  /** When it is over it is as if nothing had been reported, instead of stale. */
  fades: z.boolean().optional(),
});
export type ReportedFact = z.infer<typeof ReportedFact>;

const reportedFacts = recordKind<ReportedFact>({
  name: 'facts',
  schema: ReportedFact,
  key: ({ type, id, name }) => `${type}/${id}/${name}`,
  indexes: { until: ({ until }) => until },
});

export interface ReportedFacts {
  /**
   * Keeps a fact in place of what was known before; once this resolves, decisions go by it.
   *
   * @throws ShellError `invalid` where the schema of decisions has no such fact, or one of another type
   */
  learn(fact: ReportedFact, by: string): Promise<void>;
  /** What is reported of an entity. */
  of(uid: CedarUid): readonly ReportedFact[];
  /** Forgets those of the facts that fade. */
  expired(facts: readonly ExpiredFact[]): void;
}

/**
 * Facts that were reported, of any entity and under any name that the schema knows. INVARIANT: a fact is believed only
 * after it is durable, so that a restart never makes an entity better than it was.
 */
export async function openReportedFacts(parts: {
  readonly records: RecordStore;
  readonly clock: Clock;
  readonly entities: EntityStore;
  readonly composition: Composition;
  readonly policySet: () => PolicySet;
  /** Told after decisions go by a fact that may flip them. */
  readonly onChange: (change: Change) => void;
}): Promise<ReportedFacts> {
  const { records, clock, entities, composition, policySet, onChange } = parts;
  const known = new Map<string, ReportedFact[]>();
  const keyOf = ({ type, id }: CedarUid) => `${type}::${id}`;

  const partWith = (fact: ReportedFact): EntityPart => {
    const others = (known.get(keyOf(fact)) ?? []).filter(({ name }) => name !== fact.name);
    return partOf([...others, fact], policySet());
  };
  const keep = (fact: ReportedFact) => {
    const part = partWith(fact);
    composition.say('reported', { type: fact.type, id: fact.id }, part);
    const others = (known.get(keyOf(fact)) ?? []).filter(({ name }) => name !== fact.name);
    known.set(keyOf(fact), [...others, fact]);
  };
  for (let offset = 0; ; offset += 10_000) {
    const page = await records.find(reportedFacts, { limit: 10_000, offset });
    for (const { value } of page.records) {
      try {
        if (!value.fades || value.until >= clock.now()) keep(value);
      } catch (error) {
        // The schema has changed since: what no policy can ask for is left alone.
        if (!(error instanceof PolicyError) && !(error instanceof ShellError)) throw error;
      }
    }
    if (page.records.length < 10_000) break;
  }
  return {
    of: (uid) => known.get(keyOf(uid)) ?? [],
    expired(facts) {
      for (const { entity, name } of facts) {
        const all = known.get(keyOf(entity)) ?? [];
        const kept = all.filter((fact) => fact.name !== name || fact.fades !== true);
        if (kept.length === all.length) continue;
        known.set(keyOf(entity), kept);
        composition.say('reported', entity, kept.length === 0 ? undefined : partOf(kept, policySet()));
      }
    },
    async learn(given, by) {
      const fact = ReportedFact.parse(given);
      const { type, id, name, source, until } = fact;
      const uid = { type, id };
      try {
        entities.isWhole({ uid, attrs: {}, parents: [], ...partWith(fact) });
      } catch (error) {
        if (!(error instanceof PolicyError)) throw error;
        throw new ShellError('invalid', error.message, { cause: error });
      }
      const target =
        type === 'Device' ? `device:${id}` : type === 'User' ? `user:${id}` : `entity:${type}/${id}`;
      const entry = {
        at: clock.now(),
        actor: by,
        action: 'fact.report',
        target,
        detail: { name, source, until },
      };
      await records.commit([write.put(reportedFacts, fact)], [entry]);
      const wasStale = entities.facts(uid).some((each) => each.name === name && each.stale);
      keep(fact);
      if (type !== 'Device') onChange({ type: 'entity-changed', entity: uid, what: name });
      else if (wasStale) onChange({ type: 'fact-renewed', device: id, fact: name, source });
    },
  };
}

/** @throws ShellError `invalid` for a fact that the schema has no place for */
function partOf(facts: readonly ReportedFact[], { schema }: PolicySet): EntityPart {
  const attrs: Record<string, ReturnType<typeof recordOf>> = {};
  const tags: Record<string, ReturnType<typeof recordOf>> = {};
  for (const fact of facts) {
    const declared = schema?.entityTypes.get(fact.type);
    if (declared !== undefined && isFactType(declared.attributes.get(fact.name)?.type))
      attrs[fact.name] = recordOf(fact);
    else if (declared !== undefined && isFactType(declared.tags)) tags[fact.name] = recordOf(fact);
    else throw new ShellError('invalid', `the policies know no fact \`${fact.name}\` of a \`${fact.type}\``);
  }
  return { attrs, tags };
}

function recordOf({ value, source, at, until }: ReportedFact) {
  return { value, source, at, until };
}
