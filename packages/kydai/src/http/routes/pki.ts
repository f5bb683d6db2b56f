import { type OpenAPIHono, z } from '@hono/zod-openapi';
import {
  ApplicationsView,
  ApplicationVerdictBody,
  ApplicationView,
  AuthoritiesView,
  ConsistencyView,
  Device,
  eachRecord,
  ForecastView,
  ImpactView,
  ImportedAuthorityView,
  InclusionsView,
  IssueBody,
  IssuedView,
  ManufacturedBody,
  NextCertificateBody,
  NextRequestBody,
  NextRequestView,
  PkiHealthView,
  RolloverBody,
  RolloverView,
  RootCrlBody,
} from '@kydai/contracts';
import { type Application, certificates, devices, PkiError } from '@kydai/pki';
import { ShellError } from '../../error.ts';
import type { Kydai } from '../../flow/kydai.ts';
import { authorityViews } from '../../pki/authorities.ts';
import { createForecaster } from '../../pki/forecast.ts';
import { impactOf } from '../../pki/impact.ts';
import { issueFor, readPem } from '../../pki/issue-for.ts';
import { createProver } from '../../pki/prove.ts';
import type { Guard } from '../api.ts';
import type { GuardedEnv } from '../guard.ts';
import { apiRoute, json, jsonBody } from './route.ts';

/** The authority itself: applications, authorities, blast radius, the whole inventory, and proofs from the audit log. */
export function pkiRoutes(app: OpenAPIHono<GuardedEnv>, kydai: Kydai, guard: Guard): void {
  const { records, authority, audit, clock, auditKeyPem } = kydai;
  const prover = createProver({ audit, clock, publicKeyPem: auditKeyPem });

  app.openapi(
    apiRoute('/api/v1/pki/applications', guard('view', 'certificates'), {
      method: 'get',
      summary: 'Requests for certificates that wait for a person, oldest first',
      responses: { 200: json(ApplicationsView, 'what waits') },
    }),
    async (c) => {
      const waiting = await authority.applications();
      return c.json({ items: await Promise.all(waiting.map((each) => applicationView(kydai, each))) }, 200);
    },
  );

  app.openapi(
    apiRoute('/api/v1/pki/applications/{id}', guard('create-enrolment-token', 'devices'), {
      method: 'post',
      summary: 'Approve or deny a request for a certificate',
      request: { params: z.object({ id: z.string().max(64) }), ...jsonBody(ApplicationVerdictBody) },
      responses: { 200: json(ApplicationView, 'the request after it') },
    }),
    async (c) => {
      const { kind, zone, ...verdict } = c.req.valid('json');
      const decided = await authority.decideApplication(c.req.valid('param').id, {
        ...verdict,
        by: c.var.caller.actor,
        ...(kind === undefined ? {} : { kind }),
        ...(zone === undefined ? {} : { zone }),
      });
      return c.json(await applicationView(kydai, decided), 200);
    },
  );

  app.openapi(
    apiRoute('/api/v1/pki/manufactured', guard('create-enrolment-token', 'devices'), {
      method: 'post',
      summary: 'Say which device of a trusted manufacturer is which device of the city',
      request: jsonBody(ManufacturedBody),
      responses: { 200: json(Device, 'the device') },
    }),
    async (c) =>
      c.json(await authority.expectManufactured({ ...c.req.valid('json'), by: c.var.caller.actor }), 200),
  );

  app.openapi(
    apiRoute('/api/v1/pki/authorities', guard('view', 'certificates'), {
      method: 'get',
      summary: 'Our certificate authorities: keys, validity, CRLs',
      responses: { 200: json(AuthoritiesView, 'the authorities') },
    }),
    async (c) => c.json({ items: await authorityViews(records, authority) }, 200),
  );

  app.openapi(
    apiRoute('/api/v1/pki/health', guard('view', 'certificates'), {
      method: 'get',
      summary: 'How fresh CRLs and OCSP answers are, where the keys are, and what a person must see to',
      responses: { 200: json(PkiHealthView, 'the health of the authority') },
    }),
    async (c) => c.json(await authority.health(), 200),
  );

  const forecast = createForecaster({ records, clock });
  app.openapi(
    apiRoute('/api/v1/pki/forecast', guard('view', 'certificates'), {
      method: 'get',
      summary: 'When certificates will be renewed and when they end, day by day and zone by zone',
      request: { query: z.object({ days: z.coerce.number().int().min(1).max(90).default(30) }) },
      responses: { 200: json(ForecastView, 'the forecast') },
    }),
    async (c) => c.json(await forecast(c.req.valid('query').days), 200),
  );

  app.openapi(
    apiRoute('/api/v1/pki/rollover', guard('revoke-certificate', 'certificates'), {
      method: 'post',
      summary: 'Make the next generation of an authority, which issues from now on',
      request: jsonBody(RolloverBody),
      responses: { 200: json(RolloverView, 'the new authority') },
    }),
    async (c) => c.json({ id: await authority.rollOver(c.req.valid('json').role, c.var.caller.actor) }, 200),
  );

  app.openapi(
    apiRoute('/api/v1/pki/rollover/request', guard('revoke-certificate', 'certificates'), {
      method: 'post',
      summary: 'The request for the next generation of an authority, to be signed where the root’s key is',
      request: jsonBody(NextRequestBody),
      responses: { 200: json(NextRequestView, 'the request, PEM') },
    }),
    async (c) => c.json(await authority.requestNext(c.req.valid('json').role), 200),
  );

  app.openapi(
    apiRoute('/api/v1/pki/rollover/certificate', guard('revoke-certificate', 'certificates'), {
      method: 'post',
      summary: 'Take in what was signed for that request; it issues from now on',
      request: jsonBody(NextCertificateBody),
      responses: { 200: json(ImportedAuthorityView, 'the new authority') },
    }),
    async (c) => {
      const { role, certificate, chain } = c.req.valid('json');
      const given = { certificatePem: certificate, chainPem: chain };
      const { id, path, notAfter } = await authority.importNext(role, given, c.var.caller.actor);
      return c.json({ id, path: [...path], notAfter }, 200);
    },
  );

  app.openapi(
    apiRoute('/api/v1/pki/certificates', guard('create-enrolment-token', 'certificates'), {
      method: 'post',
      summary: 'Issue a certificate for a request that an operator brings',
      request: jsonBody(IssueBody),
      responses: { 200: json(IssuedView, 'the certificate and those above it') },
    }),
    async (c) => {
      const wanted = c.req.valid('json');
      const { actor } = c.var.caller;
      const issued = await issueFor(authority, wanted, actor).catch(async (error: unknown) => {
        if (error instanceof PkiError) {
          const { code, message } = error;
          const detail = { profile: wanted.profile, code, message: message.slice(0, 500) };
          const target = `subject:${wanted.subject}`;
          await records.commit(
            [],
            [{ at: clock.now(), actor, action: 'certificate.refuse', target, detail }],
          );
        }
        throw error;
      });
      const { serial, notAfter, der } = issued;
      const above = readPem(authority.chainPem(issued.issuer));
      return c.json({ serial, notAfter, chain: [der, ...above] }, 200);
    },
  );

  app.openapi(
    apiRoute('/api/v1/pki/root-crl', guard('revoke-certificate', 'certificates'), {
      method: 'post',
      summary: 'Take in a CRL of a root whose key is elsewhere',
      request: jsonBody(RootCrlBody),
      responses: { 200: json(z.object({}), 'it is published from now on') },
    }),
    async (c) => {
      await authority.importRootCrl(Buffer.from(c.req.valid('json').crl, 'base64'), c.var.caller.actor);
      return c.json({}, 200);
    },
  );

  app.openapi(
    apiRoute('/api/v1/certificates/{serial}/impact', guard('view', 'certificates'), {
      method: 'get',
      summary: 'What would break if this certificate was revoked',
      request: { params: z.object({ serial: z.string().max(64) }) },
      responses: { 200: json(ImpactView, 'the impact') },
    }),
    async (c) => c.json(await impactOf(kydai, c.req.valid('param').serial), 200),
  );

  app.get('/api/v1/pki/export', guard('view', 'certificates'), () => {
    const lines = everyCertificate(kydai);
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const { done, value } = await lines.next();
        if (done === true) controller.close();
        else controller.enqueue(encoder.encode(value));
      },
    });
    return new Response(body, { headers: { 'content-type': 'application/x-ndjson' } });
  });

  const place = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
  app.openapi(
    apiRoute('/api/v1/audit/inclusion', guard('view', 'audit'), {
      method: 'get',
      summary: 'Proofs that entries are in the log: one by index, or all about a certificate',
      request: { query: z.object({ index: place.optional(), serial: z.string().max(64).optional() }) },
      responses: { 200: json(InclusionsView, 'the proofs') },
    }),
    async (c) => {
      const { index, serial } = c.req.valid('query');
      if ((index === undefined) === (serial === undefined))
        throw new ShellError('invalid', 'ask for an `index` or for a `serial`');
      if (index !== undefined) return c.json({ items: [await prover.inclusion(index)] }, 200);
      const certificate = (await records.get(certificates, serial!))?.value;
      if (certificate === undefined)
        throw new ShellError('not-found', `no certificate has the serial number \`${serial}\``);
      return c.json({ items: [...(await prover.about(`certificate:${serial}`, certificate.issued))] }, 200);
    },
  );

  app.openapi(
    apiRoute('/api/v1/audit/consistency', guard('view', 'audit'), {
      method: 'get',
      summary: 'Proof that the log of one size is the beginning of the log of another (of now, without `to`)',
      request: { query: z.object({ from: place, to: place.optional() }) },
      responses: { 200: json(ConsistencyView, 'the proof') },
    }),
    async (c) => {
      const { from, to } = c.req.valid('query');
      return c.json(await prover.consistency(from, to), 200);
    },
  );
}

async function applicationView(
  { records }: Kydai,
  { id, device, keyType, address, applied, expires }: Application,
): Promise<ApplicationView> {
  const registered = (await records.get(devices, device)) !== undefined;
  return { id, device, keyType, address, applied, expires, registered };
}

/** Every certificate that was ever issued, one JSON document a line, oldest first. */
async function* everyCertificate({ records }: Kydai): AsyncGenerator<string> {
  let lines = '';
  for await (const certificate of eachRecord(records, certificates, { by: 'issued', from: 0 })) {
    lines += `${JSON.stringify(certificate)}\n`;
    if (lines.length < 262_144) continue;
    yield lines;
    lines = '';
  }
  if (lines !== '') yield lines;
}
