import type { OpenAPIHono } from '@hono/zod-openapi';
import { uuidv7 } from '@kydai/contracts';
import type { Context } from 'hono';
import { z } from 'zod';
import type { Kydai } from '../../flow/kydai.ts';
import type { Guard } from '../../http/api.ts';
import type { GuardedEnv } from '../../http/guard.ts';
import { problem } from '../../http/problems.ts';
import { supportedEvents } from './caep.ts';
import { audienceOf, pollDelivery, pushDelivery, type SsfStream, StreamStatus } from './streams.ts';
import { SubjectId, without } from './subject.ts';

const mostStreams = 16;
const mostRemoved = 1000;
const verificationInterval = 1;

const Delivery = z.union([
  z.strictObject({
    method: z.literal(pushDelivery),
    endpoint_url: z.url().max(2048),
    authorization_header: z
      .string()
      .max(4096)
      .regex(/^[\x20-\x7e]*$/)
      .optional(),
  }),
  z.object({ method: z.literal(pollDelivery) }),
]);
const StreamBody = z.object({
  delivery: Delivery.default({ method: pollDelivery }),
  events_requested: z
    .array(z.string().max(512))
    .max(64)
    .default([...supportedEvents]),
  description: z.string().max(1024).optional(),
});
const Patch = z.object({
  stream_id: z.string(),
  delivery: Delivery.optional(),
  events_requested: z.array(z.string().max(512)).max(64).optional(),
  description: z.string().max(1024).optional(),
});
const StatusBody = z.object({
  stream_id: z.string(),
  status: StreamStatus,
  reason: z.string().max(1024).optional(),
});
const VerifyBody = z.object({ stream_id: z.string(), state: z.string().max(1024).optional() });
const SubjectBody = z.object({ stream_id: z.string(), subject: SubjectId });
const PollBody = z.object({
  ack: z.array(z.string().max(128)).max(10_000).default([]),
  setErrs: z
    .record(z.string().max(128), z.object({ err: z.string(), description: z.string().optional() }))
    .default({}),
  maxEvents: z.number().int().min(0).max(1000).default(100),
  returnImmediately: z.boolean().default(false),
});

/** The transmitter's side of the Shared Signals Framework 1.0: its metadata, keys, streams and poll delivery. */
export function ssfRoutes(
  app: OpenAPIHono<GuardedEnv>,
  kydai: Pick<Kydai, 'transmitter' | 'addresses' | 'clock' | 'config' | 'log'>,
  guarded: Guard,
): void {
  const { transmitter, clock, config, log } = kydai;
  const base = () => kydai.addresses().http;
  // Always by name, from this machine too: what is held for one receiver is not for another.
  const guard = guarded('ask-decision', 'decisions');
  const verified = new Map<string, number>();

  // What receivers read first, and what they verify with, is public.
  app.get('/.well-known/ssf-configuration', (c) =>
    c.json({
      spec_version: '1_0',
      issuer: base(),
      jwks_uri: `${base()}/ssf/v1/jwks.json`,
      delivery_methods_supported: [pushDelivery, pollDelivery],
      configuration_endpoint: `${base()}/ssf/v1/streams`,
      status_endpoint: `${base()}/ssf/v1/status`,
      add_subject_endpoint: `${base()}/ssf/v1/subjects/add`,
      remove_subject_endpoint: `${base()}/ssf/v1/subjects/remove`,
      verification_endpoint: `${base()}/ssf/v1/verify`,
      authorization_schemes: [{ spec_urn: 'urn:ietf:rfc:6750' }],
      default_subjects: 'ALL',
    }),
  );
  app.get('/ssf/v1/jwks.json', (c) => c.json(transmitter.jwks));

  const owner = (c: Context<GuardedEnv>) => c.var.caller.actor;
  /** Not of the specification: why the receiver does not take what is pushed. */
  const trouble = ({ id }: SsfStream) => {
    const why = transmitter.trouble(id);
    return why === undefined ? {} : { kydai_delivery_trouble: why };
  };
  const shown = (stream: SsfStream) => ({
    stream_id: stream.id,
    iss: base(),
    aud: audienceOf(stream),
    delivery: {
      method: stream.method,
      endpoint_url: stream.endpoint ?? `${base()}/ssf/v1/poll/${stream.id}`,
    },
    events_supported: supportedEvents,
    events_requested: stream.requested,
    events_delivered: supportedEvents.filter((event) => stream.requested.includes(event)),
    min_verification_interval: verificationInterval,
    ...(stream.description === undefined ? {} : { description: stream.description }),
    /** Not of the specification: how many events were dropped while the receiver was away. */
    kydai_events_lost: stream.lost,
    ...trouble(stream),
  });
  const status = ({ id, status, statusReason }: SsfStream) => ({
    stream_id: id,
    status,
    ...(statusReason === undefined ? {} : { reason: statusReason }),
  });
  const none = (c: Context) => problem(c, 404, 'not-found', 'you have no such stream');
  const invalid = (c: Context, error: z.ZodError) =>
    problem(c, 400, 'invalid', 'the request is not valid; `errors` names the places', {
      errors: error.issues.map(({ path, message }) => ({ path: path.join('.'), message })),
    });
  const read = async <T extends z.ZodType>(c: Context, schema: T) =>
    schema.safeParse(await c.req.json<unknown>().catch(() => undefined)) as z.ZodSafeParseResult<z.output<T>>;
  /** The delivery as a stream keeps it; undefined for an address that we may not push to. */
  const delivery = (wanted: z.output<typeof Delivery>) => {
    if (wanted.method === pollDelivery) return { method: pollDelivery } as const;
    const { protocol, hostname } = new URL(wanted.endpoint_url);
    const local = ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);
    const allowed = config.notify.receivers.includes(hostname);
    if (!allowed || !(protocol === 'https:' || (protocol === 'http:' && local))) return undefined;
    const authorization = wanted.authorization_header;
    return {
      method: pushDelivery,
      endpoint: wanted.endpoint_url,
      ...(authorization === undefined ? {} : { authorization }),
    } as const;
  };
  const notAllowed = (c: Context) =>
    problem(
      c,
      400,
      'receiver',
      'this host may not be pushed to: name it in `notify.receivers`, and use https',
    );

  app.post('/ssf/v1/streams', guard, async (c) => {
    const body = await read(c, StreamBody);
    if (!body.success) return invalid(c, body.error);
    const how = delivery(body.data.delivery);
    if (how === undefined) return notAllowed(c);
    if (transmitter.streams(owner(c)).length >= mostStreams)
      return problem(c, 409, 'conflict', `you have ${mostStreams} streams already; delete one`);
    const { events_requested: requested, description } = body.data;
    const stream: SsfStream = {
      id: uuidv7(clock.now()),
      owner: owner(c),
      ...how,
      requested,
      removed: [],
      ...(description === undefined ? {} : { description }),
      status: 'enabled',
      created: clock.now(),
      lost: 0,
    };
    await transmitter.create(stream);
    return c.json(shown(stream), 201);
  });

  app.get('/ssf/v1/streams', guard, (c) => {
    const id = c.req.query('stream_id');
    if (id === undefined) return c.json(transmitter.streams(owner(c)).map(shown));
    const stream = transmitter.stream(id, owner(c));
    return stream === undefined ? none(c) : c.json(shown(stream));
  });

  app.on(['PATCH', 'PUT'], '/ssf/v1/streams', guard, async (c) => {
    const body = await read(c, Patch);
    if (!body.success) return invalid(c, body.error);
    const stream = transmitter.stream(body.data.stream_id, owner(c));
    if (stream === undefined) return none(c);
    const { delivery: wanted, events_requested: requested, description } = body.data;
    const how = wanted === undefined ? undefined : delivery(wanted);
    if (wanted !== undefined && how === undefined) return notAllowed(c);
    // PATCH keeps what it does not name; PUT replaces (SSF 1.0 sections 8.1.1.3 and 8.1.1.4).
    const patch = c.req.method === 'PATCH';
    const after = await transmitter.change(stream.id, owner(c), (present) => {
      const { endpoint, authorization, description: before, ...rest } = present;
      const place = {
        ...(endpoint === undefined ? {} : { endpoint }),
        ...(authorization === undefined ? {} : { authorization }),
      };
      const text = description ?? (patch ? before : undefined);
      return {
        ...rest,
        ...(how ?? (patch ? place : { method: pollDelivery })),
        requested: requested ?? (patch ? rest.requested : supportedEvents),
        ...(text === undefined ? {} : { description: text }),
      };
    });
    return after === undefined ? none(c) : c.json(shown(after));
  });

  app.delete('/ssf/v1/streams', guard, async (c) => {
    const stream = transmitter.stream(c.req.query('stream_id') ?? '', owner(c));
    if (stream === undefined) return none(c);
    await transmitter.remove(stream, owner(c));
    return c.body(null, 204);
  });

  app.get('/ssf/v1/status', guard, (c) => {
    const stream = transmitter.stream(c.req.query('stream_id') ?? '', owner(c));
    return stream === undefined ? none(c) : c.json(status(stream));
  });

  app.post('/ssf/v1/status', guard, async (c) => {
    const body = await read(c, StatusBody);
    if (!body.success) return invalid(c, body.error);
    const stream = transmitter.stream(body.data.stream_id, owner(c));
    if (stream === undefined) return none(c);
    const { reason, status: wanted } = body.data;
    const after = await transmitter.change(stream.id, owner(c), ({ statusReason: _, ...rest }) => ({
      ...rest,
      status: wanted,
      ...(reason === undefined ? {} : { statusReason: reason }),
    }));
    return after === undefined ? none(c) : c.json(status(after));
  });

  // SSF 1.0 section 8.1.3. Every subject belongs to a stream until its receiver removes it.
  app.post('/ssf/v1/subjects/:verb{add|remove}', guard, async (c) => {
    const body = await read(c, SubjectBody);
    if (!body.success) return invalid(c, body.error);
    const { stream_id: id, subject } = body.data;
    const stream = transmitter.stream(id, owner(c));
    if (stream === undefined) return none(c);
    const remove = c.req.param('verb') === 'remove';
    if (remove && without(stream.removed, subject).length >= mostRemoved)
      return problem(
        c,
        403,
        'too-many',
        `a stream leaves out at most ${mostRemoved} subjects; filter at your side`,
      );
    await transmitter.change(id, owner(c), (present) => {
      const others = without(present.removed, subject);
      return { ...present, removed: remove ? [...others, subject] : others };
    });
    return c.body(null, remove ? 204 : 200);
  });

  app.post('/ssf/v1/verify', guard, async (c) => {
    const body = await read(c, VerifyBody);
    if (!body.success) return invalid(c, body.error);
    const stream = transmitter.stream(body.data.stream_id, owner(c));
    if (stream === undefined) return none(c);
    const now = clock.now();
    if (now - (verified.get(stream.id) ?? 0) < verificationInterval * 1000)
      return problem(c, 429, 'too-many', 'ask for verification less often');
    verified.set(stream.id, now);
    await transmitter.verify(stream, body.data.state);
    return c.body(null, 204);
  });

  app.post('/ssf/v1/poll/:id', guard, async (c) => {
    const stream = transmitter.stream(c.req.param('id'), owner(c));
    if (stream?.method !== pollDelivery) return none(c);
    const body = await read(c, PollBody);
    if (!body.success) return invalid(c, body.error);
    const { ack, setErrs, maxEvents, returnImmediately } = body.data;
    const bad = Object.keys(setErrs);
    if (bad.length > 0) log.warn({ stream: stream.id, jti: bad }, 'a receiver refused security events');
    const { sets, more } = await transmitter.poll(stream, {
      ack: [...ack, ...bad],
      most: maxEvents,
      waitMs: returnImmediately ? 0 : 25_000,
      gone: c.req.raw.signal,
    });
    return c.json({ sets: Object.fromEntries(sets), ...(more ? { moreAvailable: true } : {}) });
  });
}
