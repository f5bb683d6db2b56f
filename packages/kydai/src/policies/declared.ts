import {
  type CedarUid,
  type CedarValue,
  type Clock,
  type PolicyEntity,
  type RecordStore,
  recordKind,
  write,
} from '@kydai/contracts';
import { fileOf, PolicyError, type PolicySet, withBareFacts } from '@kydai/policy';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Change } from '../notify/change.ts';
import type { Composition, EntityPart } from './composition.ts';
import { isOwnFact } from './own-facts.ts';

const Uid = z.strictObject({ type: z.string(), id: z.string() });
const Data = z.record(
  z.string(),
  z.custom<CedarValue>((value) => value !== undefined),
);
const DeclaredEntity = z.strictObject({
  uid: Uid,
  attrs: Data,
  parents: z.array(Uid),
  tags: Data.optional(),
  by: z.string(),
  at: z.number(),
});
type DeclaredEntity = z.infer<typeof DeclaredEntity>;

const declaredEntities = recordKind<DeclaredEntity>({
  name: 'entities',
  schema: DeclaredEntity,
  key: ({ uid }) => `${uid.type}/${uid.id}`,
  indexes: { type: ({ uid }) => uid.type },
});

/** Agencies, officers, services, streams, actuators, data: what the city declares, in files and over the API. */
export interface DeclaredEntities {
  /**
   * Takes what the files of the content folder declare in place of what they declared before.
   *
   * @throws PolicyError `entity` for the first that does not fit the schema, with nothing changed
   */
  useFiles(entities: readonly PolicyEntity[]): void;
  /** What the files declare. */
  readonly files: readonly PolicyEntity[];
  /** Declares an entity, in place of what was declared of it before. @throws PolicyError `entity`, `limit` */
  declare(entity: PolicyEntity, by: string): Promise<void>;
  /** False where nothing was declared. */
  withdraw(uid: CedarUid, by: string): Promise<boolean>;
}

export async function openDeclaredEntities(parts: {
  readonly records: RecordStore;
  readonly clock: Clock;
  readonly composition: Composition;
  readonly policySet: () => PolicySet;
  readonly onChange: (change: Change) => void;
  readonly log: Pick<Logger, 'error'>;
}): Promise<DeclaredEntities> {
  const { records, clock, composition, policySet, onChange, log } = parts;
  const partOf = (entity: PolicyEntity): EntityPart => {
    const own = Object.keys(entity.attrs).find((name) => isOwnFact(entity.uid.type, name));
    if (own !== undefined)
      throw new PolicyError(
        'entity',
        `\`${own}\` of a \`${entity.uid.type}\` is not declared, it is found out`,
      );
    const { attrs, parents, tags } = withBareFacts(entity, policySet().schema, 'declared', clock.now());
    return { attrs, parents, ...(tags && { tags }) };
  };
  const told = ({ type, id }: CedarUid, what: string) =>
    onChange({ type: 'entity-changed', entity: { type, id }, what });
  let files: readonly PolicyEntity[] = [];

  const useFiles = (next: readonly PolicyEntity[]) => {
    const keyOf = ({ uid }: PolicyEntity) => `${uid.type}::${uid.id}`;
    const kept = new Set(next.map(keyOf));
    const gone = files.filter((entity) => !kept.has(keyOf(entity)));
    const steps = [
      ...gone.map(({ uid }) => ({ uid, part: undefined, file: undefined })),
      ...next.map((entity) => {
        const file = fileOf(entity);
        return { uid: entity.uid, part: placed(file, () => partOf(entity)), file };
      }),
    ];
    const undo: (() => void)[] = [];
    try {
      for (const { uid, part, file } of steps) {
        const before = composition.said('file', uid);
        placed(file, () => composition.say('file', uid, part));
        undo.push(() => composition.say('file', uid, before));
      }
    } catch (error) {
      for (const back of undo.reverse()) back();
      throw error;
    }
    files = next;
  };

  for (let offset = 0; ; offset += 10_000) {
    const page = await records.find(declaredEntities, { limit: 10_000, offset });
    for (const { value } of page.records) {
      try {
        composition.say('declared', value.uid, partOf(entityOf(value)));
      } catch (error) {
        if (!(error instanceof PolicyError)) throw error;
        const entity = `${value.uid.type}::${value.uid.id}`;
        log.error(
          { err: error, entity },
          'a declared entity does not fit the schema any more; it counts as absent',
        );
      }
    }
    if (page.records.length < 10_000) break;
  }
  return {
    useFiles,
    get files() {
      return files;
    },
    async declare(entity, by) {
      const { uid } = entity;
      const before = composition.said('declared', uid);
      const part = partOf(entity);
      // Tried first and taken back, so that nothing is durable that would stop the next start.
      composition.say('declared', uid, part);
      composition.say('declared', uid, before);
      const { attrs, parents, tags } = entity;
      const value = { uid, attrs, parents: [...parents], ...(tags && { tags }), by, at: clock.now() };
      const entry = { at: clock.now(), actor: by, action: 'entity.declare', target: target(uid), detail: {} };
      await records.commit([write.put(declaredEntities, DeclaredEntity.parse(value))], [entry]);
      composition.say('declared', uid, part);
      told(uid, 'declared');
    },
    async withdraw(uid, by) {
      const key = `${uid.type}/${uid.id}`;
      if ((await records.get(declaredEntities, key)) === undefined) return false;
      const entry = {
        at: clock.now(),
        actor: by,
        action: 'entity.withdraw',
        target: target(uid),
        detail: {},
      };
      await records.commit([write.delete(declaredEntities, key)], [entry]);
      composition.say('declared', uid, undefined);
      told(uid, 'withdrawn');
      return true;
    },
  };
}

/** Says in which file it is wrong. */
function placed<T>(file: string | undefined, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof PolicyError) || file === undefined) throw error;
    throw new PolicyError(error.code, error.message, { file }, { cause: error });
  }
}

function entityOf({ uid, attrs, parents, tags }: DeclaredEntity): PolicyEntity {
  return { uid, attrs, parents, ...(tags && { tags }) };
}

const target = ({ type, id }: CedarUid) => `entity:${type}/${id}`;
