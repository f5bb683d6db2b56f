import { type OpenAPIHono, z } from '@hono/zod-openapi';
import {
  Certificate,
  CertificatePage,
  ContainDeviceBody,
  DeviceKind,
  DevicePage,
  DeviceView,
  EnrolmentTokenBody,
  EnrolmentTokenView,
  RevokeBody,
  uuidv7,
} from '@kydai/contracts';
import { incidents } from '@kydai/csirt';
import { certificates, devices } from '@kydai/pki';
import { ShellError } from '../../error.ts';
import type { Kydai } from '../../flow/kydai.ts';
import { countCertificates } from '../../pki/certificate-counts.ts';
import { enrolmentCommands } from '../../pki/enrolment-commands.ts';
import { refuseToRevokeOurOwn } from '../../pki/revocable.ts';
import type { Guard } from '../api.ts';
import type { GuardedEnv } from '../guard.ts';
import { apiRoute, json, jsonBody, Paging } from './route.ts';
import { named, narrowedPage } from './search.ts';

/** From this risk on the console shows a device as at risk. */
const risky = 50;
/** What ends within this time should have been renewed long ago. */
const soon = 10 * 86_400_000;

/** By what certificates of each standing come unless told: those that were or will be first. */
const orderOf = {
  all: '-issued',
  valid: '-issued',
  ending: 'notAfter',
  expired: '-notAfter',
  revoked: '-revokedAt',
} as const;

/** Devices, certificates and enrolment tokens. */
export function deviceRoutes(app: OpenAPIHono<GuardedEnv>, kydai: Kydai, guard: Guard): void {
  const { records, authority, clock, contain } = kydai;

  app.openapi(
    apiRoute('/api/v1/devices', guard('view', 'devices'), {
      method: 'get',
      summary: 'The device register',
      request: {
        query: Paging.extend({
          q: z.string().trim().max(64).default('').describe('letters of the id, anywhere in it'),
          zone: z.string().max(64).default(''),
          kind: DeviceKind.optional(),
          trust: z.enum(['all', 'quarantined', 'risky', 'never-seen']).default('all'),
          order: z
            .enum(['id', '-id', 'risk', '-risk', 'lastSeen', '-lastSeen', 'zone', '-zone', 'kind', '-kind'])
            .optional()
            .describe('by id unless told; those at risk by their risk'),
        }),
      },
      responses: { 200: json(DevicePage, 'one page of devices') },
    }),
    async (c) => {
      const asked = c.req.valid('query');
      const { q, zone, kind, trust, limit, offset } = asked;
      const called = await named(records, devices, 'id', q);
      const where = {
        ...called.where,
        ...(zone === '' ? {} : { zone }),
        ...(kind === undefined ? {} : { kind }),
        ...(trust === 'quarantined' ? { quarantined: true } : {}),
        ...(trust === 'risky' ? { risk: { gte: risky } } : {}),
        ...(trust === 'never-seen' ? { lastSeen: null } : {}),
      };
      const order = asked.order ?? (trust === 'risky' ? '-risk' : 'id');
      const page = await narrowedPage(records, devices, { where, order, limit, offset });
      return c.json({ ...page, ...(called.named && { named: called.named }) }, 200);
    },
  );

  app.openapi(
    apiRoute('/api/v1/devices/{id}', guard('view', 'devices'), {
      method: 'get',
      summary: 'One device with its certificates and incidents',
      request: { params: z.object({ id: z.string() }) },
      responses: { 200: json(DeviceView, 'the device') },
    }),
    async (c) => c.json(await deviceView(kydai, c.req.valid('param').id), 200),
  );

  app.openapi(
    apiRoute('/api/v1/devices/{id}/containment', guard('contain-device', 'devices'), {
      method: 'post',
      summary: 'Quarantine a device, or release it',
      request: { params: z.object({ id: z.string() }), ...jsonBody(ContainDeviceBody) },
      responses: { 200: json(DeviceView, 'the device after it') },
    }),
    async (c) => {
      const { id } = c.req.valid('param');
      const { quarantined, reason } = c.req.valid('json');
      await contain({
        id: uuidv7(clock.now()),
        action: quarantined ? 'quarantine-device' : 'release-device',
        target: { type: 'device', id },
        reason,
        requester: c.var.caller.actor,
        drill: false,
      });
      return c.json(await deviceView(kydai, id), 200);
    },
  );

  app.openapi(
    apiRoute('/api/v1/certificates', guard('view', 'certificates'), {
      method: 'get',
      summary: 'Certificates, newest first; those of one standing by when they came to it or will',
      request: {
        query: Paging.extend({
          subject: z.string().max(64).default(''),
          q: z
            .string()
            .trim()
            .max(64)
            .default('')
            .describe('letters of the subject, anywhere in it, or a whole serial number'),
          profile: z.string().max(41).default(''),
          status: z.enum(['valid', 'revoked', 'expired', 'ending', 'all']).default('all'),
          order: z
            .enum(['-issued', 'issued', 'notAfter', '-notAfter', 'subject', '-subject', '-revokedAt'])
            .optional(),
        }),
      },
      responses: { 200: json(CertificatePage, 'one page of certificates') },
    }),
    async (c) => {
      const asked = c.req.valid('query');
      const { subject, q, profile, status, limit, offset } = asked;
      const now = clock.now();
      const numbered = /^[0-9a-f:]{16,64}$/i.test(q)
        ? await records.get(certificates, q.replaceAll(':', '').toLowerCase())
        : undefined;
      if (numbered !== undefined) return c.json({ items: [numbered.value], total: 1 }, 200);
      const called =
        subject === '' ? await named(records, certificates, 'subject', q) : { where: { subject } };
      const where = {
        ...called.where,
        ...(profile === '' ? {} : { profile }),
        ...(status === 'revoked' ? { revokedAt: { gt: 0 } } : {}),
        ...(status === 'valid' ? { revokedAt: null, notAfter: { gt: now } } : {}),
        ...(status === 'ending' ? { revokedAt: null, notAfter: { gt: now, lte: now + soon } } : {}),
        ...(status === 'expired' ? { notAfter: { lte: now } } : {}),
      };
      const order = asked.order ?? orderOf[status];
      const { notAfter } = where;
      const count =
        'subject' in where
          ? undefined
          : () =>
              countCertificates(records, {
                notAfter,
                profile: profile === '' ? undefined : profile,
                revoked: status === 'revoked' ? true : 'revokedAt' in where ? false : undefined,
              });
      const page = await narrowedPage(records, certificates, { where, order, limit, offset }, count);
      return c.json({ ...page, ...('named' in called && { named: called.named }) }, 200);
    },
  );

  app.openapi(
    apiRoute('/api/v1/certificates/{serial}', guard('view', 'certificates'), {
      method: 'get',
      summary: 'One certificate by its serial number',
      request: { params: z.object({ serial: z.string().max(64) }) },
      responses: { 200: json(Certificate, 'the certificate') },
    }),
    async (c) => {
      const { serial } = c.req.valid('param');
      const held = await records.get(certificates, serial);
      if (held === undefined)
        throw new ShellError('not-found', `no certificate has the serial number \`${serial}\``);
      return c.json(held.value, 200);
    },
  );

  app.openapi(
    apiRoute('/api/v1/certificates/{serial}/revoke', guard('revoke-certificate', 'certificates'), {
      method: 'post',
      summary: 'Revoke a certificate',
      request: { params: z.object({ serial: z.string().max(64) }), ...jsonBody(RevokeBody) },
      responses: { 200: json(Certificate, 'the certificate after it') },
    }),
    async (c) => {
      const { serial } = c.req.valid('param');
      const { reason } = c.req.valid('json');
      const held = await records.get(certificates, serial);
      if (held !== undefined) refuseToRevokeOurOwn(held.value);
      return c.json(await authority.revoke(serial, reason, c.var.caller.actor), 200);
    },
  );

  app.openapi(
    apiRoute('/api/v1/enrolment-tokens', guard('create-enrolment-token', 'devices'), {
      method: 'post',
      summary: 'Make a one-time token by which one device may enrol',
      request: jsonBody(EnrolmentTokenBody),
      responses: { 200: json(EnrolmentTokenView, 'the token, shown once') },
    }),
    async (c) => {
      const { deviceId, kind, zone, minutes, drill } = c.req.valid('json');
      const known = DeviceKind.safeParse(kind);
      if (!known.success) {
        throw new ShellError(
          'invalid',
          `\`${kind.slice(0, 40)}\` is not a kind of device: ${DeviceKind.options.join(', ')}`,
        );
      }
      if (drill && (await authority.devices.get(deviceId)) === undefined) {
        await authority.devices.register({ id: deviceId, kind: known.data, zone, drill }, c.var.caller.actor);
      }
      const made = await authority.enrolmentToken({
        deviceId,
        kind: known.data,
        zone,
        minutes,
        by: c.var.caller.actor,
      });
      const commands = enrolmentCommands({ deviceId, token: made.token, addresses: kydai.addresses() });
      return c.json(
        { token: made.token, deviceId, expires: made.expires, commands: commands.openssl, recipes: commands },
        200,
      );
    },
  );
}

/** @throws ShellError `not-found` */
async function deviceView({ records }: Kydai, id: string): Promise<DeviceView> {
  const device = await records.get(devices, id);
  if (!device) throw new ShellError('not-found', `no device is called \`${id.slice(0, 100)}\``);
  const [held, open] = await Promise.all([
    records.find(certificates, { where: { subject: id }, order: '-issued', limit: 50 }),
    records.find(incidents, { order: '-discovery', limit: 200 }),
  ]);
  return {
    device: device.value,
    certificates: held.records.map(({ value }) => value),
    incidents: open.records
      .map(({ value }) => value)
      .filter((incident) => incident.entities.some((entity) => entity.type === 'device' && entity.id === id)),
  };
}
