import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { CedarUid, PolicyEntity } from '@kydai/contracts';
import { EntityText, PolicyError } from '@kydai/policy';
import { ShellError } from '../../error.ts';
import type { Kydai } from '../../flow/kydai.ts';
import { isOwnFact } from '../../policies/own-facts.ts';
import type { Guard } from '../api.ts';
import type { GuardedEnv } from '../guard.ts';
import { apiRoute, json, jsonBody, Paging } from './route.ts';

const Uid = z.object({ type: z.string().min(1).max(256), id: z.string().min(1).max(1024) });
const Entity = z.looseObject({
  uid: Uid,
  attrs: z.record(z.string(), z.unknown()),
  parents: z.array(Uid),
  /** Source, time and end (epoch milliseconds) of everything about it that may go stale. */
  facts: z.array(
    z.object({ name: z.string(), source: z.string(), at: z.number(), until: z.number(), stale: z.boolean() }),
  ),
});
const EntityBody = z.strictObject({
  attrs: z.record(z.string(), z.unknown()).default({}),
  parents: z.array(z.union([Uid, z.string()])).default([]),
  tags: z.record(z.string(), z.unknown()).optional(),
});
const FactBody = z.strictObject({
  value: z.union([z.boolean(), z.number().int(), z.string().max(1024)]),
  /** Who found it: `edr`, `scanner-2`. */
  source: z.string().min(1).max(64),
  /** How long it may be believed; after that whatever rests on it is denied as stale, until the next report. */
  minutes: z.number().int().min(1).max(527_040),
});
const EmergencyBody = z.strictObject({
  /** Why; kept in the audit log, and in the event of everything that is done by it. */
  reason: z.string().min(10).max(1000),
  minutes: z.number().int().min(1).max(240).default(30),
});
const named = z.object({ type: z.string().max(256), id: z.string().max(1024) });

/** Who and what policies speak of: declaring it, asking what is known of it, reporting facts, breaking the glass. */
export function entityRoutes(app: OpenAPIHono<GuardedEnv>, kydai: Kydai, guard: Guard): void {
  const { declared, reported, entities, clock } = kydai;

  app.openapi(
    apiRoute('/api/v1/entities', guard('view', 'entities'), {
      method: 'get',
      summary: 'The entities of a type, as the policies know them',
      request: { query: Paging.extend({ type: z.string().min(1).max(256) }) },
      responses: { 200: json(z.object({ items: z.array(Entity), total: z.number().int() }), 'one page') },
    }),
    async (c) => {
      const { type, limit, offset } = c.req.valid('query');
      const items: z.infer<typeof Entity>[] = [];
      let total = 0;
      for (const entity of entities.all(type)) {
        if (total >= offset && items.length < limit) items.push(viewOf(kydai, entity));
        total += 1;
      }
      return c.json({ items, total }, 200);
    },
  );

  app.openapi(
    apiRoute('/api/v1/entities/{type}/{id}', guard('view', 'entities'), {
      method: 'get',
      summary: 'One entity, with the source and age of every fact',
      request: { params: named },
      responses: { 200: json(Entity, 'the entity') },
    }),
    async (c) => c.json(viewOf(kydai, found(kydai, c.req.valid('param'))), 200),
  );

  app.openapi(
    apiRoute('/api/v1/entities/{type}/{id}', guard('change-entities', 'entities'), {
      method: 'put',
      summary:
        'Declare an entity in place of what was declared of it before; the schema of decisions is obeyed',
      request: { params: named, ...jsonBody(EntityBody) },
      responses: { 200: json(z.object({ whole: z.boolean() }), 'whether nothing is missing any more') },
    }),
    async (c) => {
      const uid = c.req.valid('param');
      const read = EntityText.safeParse({ uid, ...c.req.valid('json') });
      if (!read.success) throw new ShellError('invalid', read.error.issues[0]?.message ?? 'not an entity');
      await asInvalid(() => declared.declare(read.data, c.var.caller.actor));
      return c.json({ whole: entities.has(uid) }, 200);
    },
  );

  app.openapi(
    apiRoute('/api/v1/entities/{type}/{id}', guard('change-entities', 'entities'), {
      method: 'delete',
      summary: 'Withdraw what was declared of an entity over this interface',
      request: { params: named },
      responses: { 204: { description: 'withdrawn' } },
    }),
    async (c) => {
      const uid = c.req.valid('param');
      if (!(await declared.withdraw(uid, c.var.caller.actor)))
        throw new ShellError('not-found', `nothing was declared of \`${uid.type}::${uid.id.slice(0, 100)}\``);
      return c.body(null, 204);
    },
  );

  app.openapi(
    apiRoute('/api/v1/entities/{type}/{id}/facts/{name}', guard('report-risk', 'entities'), {
      method: 'post',
      summary: 'Report a fact about an entity, with its source and how long it may be believed',
      request: { params: named.extend({ name: z.string().max(64) }), ...jsonBody(FactBody) },
      responses: { 200: json(Entity, 'the entity after it') },
    }),
    async (c) => {
      const { type, id, name } = c.req.valid('param');
      found(kydai, { type, id });
      if (isOwnFact(type, name))
        throw new ShellError('invalid', `\`${name}\` of a \`${type}\` is known from elsewhere`);
      const { value, source, minutes } = c.req.valid('json');
      const at = clock.now();
      const fact = { type, id, name, value, source, at, until: at + minutes * 60_000 };
      await reported.learn(fact, c.var.caller.actor);
      return c.json(viewOf(kydai, found(kydai, { type, id })), 200);
    },
  );

  app.openapi(
    apiRoute('/api/v1/emergency', guard('break-glass', 'emergency'), {
      method: 'post',
      summary: 'Break the glass for oneself, for a while: everything that is done by it raises an alarm',
      request: jsonBody(EmergencyBody),
      responses: { 200: json(z.object({ until: z.number() }), 'until when') },
    }),
    async (c) => {
      const { reason, minutes } = c.req.valid('json');
      const { uid, actor } = c.var.caller;
      const at = clock.now();
      const until = at + minutes * 60_000;
      await reported.learn({ ...uid, name: 'emergency', value: reason, source: actor, at, until }, actor);
      return c.json({ until }, 200);
    },
  );
}

/** @throws ShellError `not-found` */
function found({ entities }: Kydai, uid: CedarUid): PolicyEntity {
  const entity = entities.get(uid);
  if (entity !== undefined) return entity;
  throw new ShellError('not-found', `the policies know no \`${uid.type}::${uid.id.slice(0, 100)}\``);
}

function viewOf({ entities }: Kydai, { uid, attrs, parents }: PolicyEntity): z.infer<typeof Entity> {
  const plain = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);
  return {
    uid: { ...uid },
    attrs: JSON.parse(JSON.stringify(attrs, plain)) as Record<string, unknown>,
    parents: parents.map((parent) => ({ ...parent })),
    facts: entities.facts(uid).map((fact) => ({ ...fact })),
  };
}

/** What the schema of decisions refuses is the caller's to mend. */
async function asInvalid<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw new ShellError('invalid', error.message, { cause: error });
  }
}
