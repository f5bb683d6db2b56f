/**
 * The fixture API: the console's HTTP API over development data, in memory, for working on the pages and for pictures
 * of them. It serves `dist` under the same content security policy as the product. It is not Kỳ Đài and proves nothing
 * about it. `KYDAI_FIXTURE=empty` starts with a new and empty city, `signed-out` without a session.
 * One file on purpose: the whole API at a glance.
 */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { extname, join, normalize } from 'node:path';
import type { Overview, SessionView, Signal } from '@kydai/contracts';
import { consoleFolder } from '../src/folder.ts';
import { backups, noBackups } from './backups.ts';
import {
  audit,
  certificates,
  detections,
  devices,
  incidents,
  minute,
  obligations,
  runs,
  sources,
} from './data.ts';
import {
  activity,
  decision,
  decisions,
  fieldsOf,
  histogram,
  searchEvents,
  statisticsOf,
  valuesOf,
} from './events.ts';
import { gateRuns, waivers } from './gate.ts';
import * as pki from './pki.ts';
import { policies, policyFiles } from './policies.ts';
import { coverage, explanation, huntNews, ruleDetail, rulesView } from './rules.ts';
import * as sbom from './sbom.ts';
import { graph } from './sbom-graph.ts';

export const policy =
  "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'";
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.woff': 'font/woff',
};

const session: SessionView = {
  user: { id: 'minh.nguyen', name: 'Nguyễn Văn Minh', roles: ['soc-analyst', 'ciso'] },
  permissions: [
    'view',
    'search-logs',
    'handle-incident',
    'approve-step',
    'contain-device',
    'revoke-certificate',
    'create-enrolment-token',
    'create-api-token',
    'change-rules',
  ],
  version: '0.1.0',
};

function overview(): Overview {
  const open = incidents.filter((one) => !['closed', 'false-positive'].includes(one.state));
  const waiting = runs.flatMap((run) =>
    run.steps
      .filter((step) => step.state === 'waiting-approval')
      .map((step) => {
        const incident = incidents.find((one) => one.id === run.incidentId)!;
        return {
          runId: run.id,
          stepId: step.id,
          stepName: step.name,
          incidentId: incident.id,
          incidentNumber: incident.number,
          incidentTitle: incident.title,
          severity: incident.severity,
          since: step.started ?? run.started,
          reason: 'Công nghệ vận hành không bao giờ bị cô lập mà không có người phê duyệt.',
          reasonEn: 'Operational technology is never contained without a person.',
          ...(step.command === undefined ? {} : { command: step.command }),
          ...(step.commandVi === undefined ? {} : { commandVi: step.commandVi }),
          drill: run.drill,
        };
      }),
  );
  const indicator = (
    name: Overview['indicators'][number]['name'],
    n: number,
    mean: number,
    median: number,
    p90: number,
    unknownStart: number,
    stillOpen: number,
  ) => ({
    name,
    n,
    mean: n ? mean : null,
    median: n ? median : null,
    p90: n ? p90 : null,
    unknownStart,
    stillOpen,
    incidentIds: incidents.slice(0, n).map((one) => one.id),
  });
  const now = Date.now();
  return {
    now,
    incidents: {
      open: open.length,
      bySeverity: Object.fromEntries(
        ['critical', 'high', 'medium', 'low'].map((level) => [
          level,
          open.filter((one) => one.severity === level).length,
        ]),
      ),
      newest: open.slice(0, 8),
    },
    indicators: [
      indicator('mttd', 31, 11.4 * minute, 4.2 * minute, 38 * minute, 4, 0),
      indicator('mtta', 35, 48_000, 2100, 96_000, 0, 1),
      indicator('mttc', 29, 74_000, 3400, 190_000, 0, 2),
      indicator('mttr-recover', 24, 340 * minute, 251 * minute, 780 * minute, 0, 5),
      indicator('mttr-respond', 35, 1100, 640, 2300, 0, 0),
    ],
    approvals: waiting,
    obligations,
    devices: {
      total: devices.length,
      quarantined: devices.filter((one) => one.quarantined).length,
      certificatesValid: certificates.filter((one) => !one.revoked && one.notAfter > now).length,
      certificatesExpiringSoon: 4,
      certificatesRevoked: certificates.filter((one) => one.revoked).length,
    },
    sources,
    activity: [...activity],
    pipelineLatency: { n: 1000, p50: 71, p99: 412 },
  };
}

const streams = new Set<ServerResponse>();
export function publish(signal: Signal | { type: 'decision' }): void {
  for (const stream of streams) stream.write(`event: ${signal.type}\ndata: ${JSON.stringify(signal)}\n\n`);
}

function json(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, {
    'content-type': status < 400 ? 'application/json' : 'application/problem+json',
  });
  response.end(JSON.stringify(body));
}
const problem = (response: ServerResponse, status: number, code: string, detail: string, more: object = {}) =>
  json(response, { type: `urn:kydai:problem:${code}`, title: code, status, detail, code, ...more }, status);

async function bodyOf(request: IncomingMessage): Promise<Record<string, string>> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return parts.length ? JSON.parse(Buffer.concat(parts).toString()) : {};
}

function page<T>(items: readonly T[], search: URLSearchParams) {
  const offset = Number(search.get('offset') ?? 0);
  return { items: items.slice(offset, offset + Number(search.get('limit') ?? 50)), total: items.length };
}

function incidentView(id: string) {
  const incident = incidents.find((one) => one.id === id);
  if (!incident) return undefined;
  return {
    incident,
    detections: detections.filter((one) => incident.detectionIds.includes(one.id)),
    runs: runs.filter((one) => one.incidentId === id),
    obligations: obligations.filter((one) => one.incidentId === id),
  };
}

async function api(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
  const mode = process.env['KYDAI_FIXTURE'] ?? '';
  const empty = mode === 'empty';
  const search = url.searchParams;
  const [name, id, act] = url.pathname.replace('/api/v1/', '').split('/').map(decodeURIComponent);
  const none = { items: [], total: 0 };
  if (mode === 'signed-out') return problem(response, 401, 'signed-out', 'sign in first');
  if (request.method === 'POST') {
    const body = await bodyOf(request);
    if (request.headers['x-kydai-csrf'] !== '1') return problem(response, 403, 'csrf', 'header missing');
    return change(response, name!, id, act, body);
  }
  switch (name) {
    case 'session':
      return json(response, session);
    case 'overview': {
      const full = overview();
      return json(
        response,
        empty
          ? {
              ...full,
              incidents: { open: 0, bySeverity: {}, newest: [] },
              indicators: full.indicators.map((one) => ({
                ...one,
                n: 0,
                mean: null,
                median: null,
                p90: null,
                unknownStart: 0,
                stillOpen: 0,
              })),
              approvals: [],
              obligations: [],
              devices: {
                total: 0,
                quarantined: 0,
                certificatesValid: 0,
                certificatesExpiringSoon: 0,
                certificatesRevoked: 0,
              },
              sources: [],
              activity: full.activity.map((one) => ({ ...one, events: 0, detections: 0 })),
              pipelineLatency: { n: 0, p50: null, p99: null },
            }
          : full,
      );
    }
    case 'incidents': {
      if (id) {
        const view = incidentView(id);
        return view ? json(response, view) : problem(response, 404, 'not-found', `no incident \`${id}\``);
      }
      const open = search.get('state') === 'open';
      const behind = search.get('indicator') === null ? undefined : incidents.filter(({ drill }) => !drill);
      return json(
        response,
        empty
          ? none
          : page(
              (behind ?? incidents).filter(
                (one) => !open || !['closed', 'false-positive'].includes(one.state),
              ),
              search,
            ),
      );
    }
    case 'detections':
      return json(response, empty ? none : page(detections, search));
    case 'devices': {
      if (id) {
        const device = devices.find((one) => one.id === id);
        if (!device) return problem(response, 404, 'not-found', `no device \`${id}\``);
        return json(response, {
          device,
          certificates: certificates.filter((one) => one.subject === id),
          incidents: incidents.filter((one) => one.entities.some((entity) => entity.id === id)),
        });
      }
      const q = search.get('q') ?? '';
      const zone = search.get('zone') ?? '';
      return json(
        response,
        empty
          ? none
          : page(
              devices.filter((one) => one.id.includes(q) && one.zone.includes(zone)),
              search,
            ),
      );
    }
    case 'pki': {
      if (id === 'forecast') {
        const view = pki.forecast(Number(search.get('days') ?? 30));
        return json(response, empty ? { ...view, zones: [], hours: view.hours.map(() => 0) } : view);
      }
      if (id === 'health') return json(response, pki.health);
      if (id === 'authorities') return json(response, { items: pki.authorities });
      if (id === 'applications') return json(response, { items: empty ? [] : pki.applications });
      return problem(response, 404, 'not-found', 'no such route');
    }
    case 'certificates': {
      if (act === 'impact') return json(response, pki.impact(id!));
      const status = search.get('status') ?? 'all';
      const of = (one: (typeof certificates)[number]) =>
        one.revoked ? 'revoked' : one.notAfter < Date.now() ? 'expired' : 'valid';
      const subject = search.get('subject') || (search.get('q') ?? '');
      return json(
        response,
        empty
          ? none
          : page(
              certificates.filter(
                (one) => one.subject.includes(subject) && (status === 'all' || of(one) === status),
              ),
              search,
            ),
      );
    }
    case 'events': {
      const q = search.get('q') ?? '';
      if (q.includes('((')) {
        return problem(response, 400, 'bad-query', 'expected a field or a word, found the end', {
          column: q.indexOf('((') + 2,
        });
      }
      const from = Date.parse(search.get('from') ?? '');
      const to = Date.parse(search.get('to') ?? '');
      const found = empty ? [] : searchEvents(q, from, to);
      if (id === 'histogram') return json(response, histogram(found, from, to));
      if (id === 'fields') return json(response, fieldsOf(found));
      if (id === 'values')
        return json(response, valuesOf(found, search.get('field') ?? '', search.get('prefix') ?? ''));
      if (id === 'statistics') return json(response, statisticsOf(found, search.get('field') ?? ''));
      // The word `slow` makes a search that takes its time, so that its progress can be looked at.
      if (id === 'running') return json(response, { share: 0.43, elapsed: 3_200 });
      if (q.includes('slow')) await new Promise((resolve) => setTimeout(resolve, 8_000));
      if (id === 'related') return json(response, { detections: [], incidents: [] });
      if (id === 'surrounding')
        return json(response, { events: searchEvents('', 0, Date.now()).slice(0, 20) });
      const at = Number(search.get('cursor') ?? 0);
      const limit = Number(search.get('limit') ?? 100);
      return json(response, {
        events: found.slice(at, at + limit),
        ...(at + limit < found.length ? { next: String(at + limit) } : {}),
      });
    }
    case 'findings':
    case 'sboms':
    case 'advisories':
    case 'waivers':
    case 'gate-runs': {
      const answer = sbomAnswer([name, id, act], search, empty);
      if (answer === undefined) return problem(response, 404, 'not-found', `no \`${id}\``);
      return json(response, answer);
    }
    case 'rules': {
      if (id === 'coverage') return json(response, coverage);
      if (id === undefined)
        return json(response, empty ? { ...rulesView('\0'), packs: [] } : rulesView(search.get('q') ?? ''));
      const rule = ruleDetail(id);
      return rule ? json(response, rule) : problem(response, 404, 'not-found', `no rule \`${id}\``);
    }
    case 'sources':
      if (id === 'statements') return json(response, none);
      return json(response, { sources: empty ? [] : sources });
    case 'decisions':
      return json(response, { items: empty ? [] : decisions });
    case 'approvals':
      return json(response, { waiting: empty ? [] : overview().approvals, decisions: [], perMinute: 60 });
    case 'policies':
      return json(response, id === 'files' ? policyFiles : policies);
    case 'audit': {
      const from = Number(search.get('from') ?? Math.max(0, audit.length - 50));
      return json(
        response,
        empty
          ? none
          : { items: audit.slice(from, from + Number(search.get('limit') ?? 50)), total: audit.length },
      );
    }
    case 'backups':
      return json(response, empty ? noBackups : backups);
    case 'stream':
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      response.write(': fixture\n\n');
      streams.add(response);
      request.on('close', () => streams.delete(response));
      return;
    default:
      return problem(response, 404, 'not-found', `nothing at \`${url.pathname}\``);
  }
}

/** Vulnerabilities: groups, lists, one system's graph, waivers and the history of the gate; undefined where there is none. */
function sbomAnswer(
  path: readonly (string | undefined)[],
  search: URLSearchParams,
  empty: boolean,
): object | undefined {
  const [name, id = '', act] = path;
  if (name === 'gate-runs') return empty ? { ...none, pipelines: [] } : gateRuns(search);
  if (name === 'waivers') return empty ? none : { items: waivers, total: waivers.length };
  if (name === 'advisories') return sbom.advisory(id);
  if (name === 'sboms') return act === 'graph' ? graph(id, search.get('component')) : undefined;
  if (id === 'summary') {
    const nothing = { systems: 0, findings: 0, severities: {}, verdicts: {}, database: null };
    return empty ? { ...sbom.summary, ...nothing } : sbom.summary;
  }
  if (empty) return none;
  if (id === 'list') return page(sbom.list(search), search);
  const by = search.get('by');
  return page(sbom.groups(by === 'component' || by === 'advisory' || by === 'owner' ? by : 'system'), search);
}

const none = { items: [], total: 0 };

async function change(
  response: ServerResponse,
  name: string,
  id = '',
  act = '',
  body: Record<string, string>,
): Promise<void> {
  const now = Date.now();
  if (name === 'incidents') {
    const at = incidents.findIndex((one) => one.id === id);
    const incident = incidents[at]!;
    const states: Record<string, (typeof incident)['state']> = {
      open: 'open',
      restore: 'restored',
      close: 'closed',
      'false-positive': 'false-positive',
    };
    const state = states[body['action'] ?? ''] ?? incident.state;
    incidents[at] = {
      ...incident,
      state,
      timeline: [
        ...incident.timeline,
        {
          at: now,
          kind: state === incident.state ? 'comment' : 'state',
          code: state === incident.state ? 'comment' : 'state',
          values: { state, comment: body['comment'] ?? '' },
          actor: 'user:minh.nguyen',
        },
      ],
    };
    publish({ type: 'incident', incident: incidents[at]! });
    return json(response, incidentView(id));
  }
  if (name === 'runs') {
    const at = runs.findIndex((one) => one.id === id);
    const run = runs[at]!;
    const approved = Boolean(body['approved']);
    runs[at] = {
      ...run,
      state: 'done',
      ended: now,
      steps: run.steps.map((step) =>
        step.id === body['stepId']
          ? {
              ...step,
              state: approved ? 'done' : 'refused',
              ended: now,
              approval: { by: 'user:minh.nguyen', at: now, approved, comment: body['comment'] ?? '' },
            }
          : step.state === 'pending'
            ? { ...step, state: 'done', started: now, ended: now + 200 }
            : step,
      ),
    };
    publish({ type: 'run', run: runs[at]! });
    return json(response, runs[at]);
  }
  if (name === 'devices' && act === 'containment') {
    const device = devices.find((one) => one.id === id)!;
    Object.assign(device, { quarantined: Boolean(body['quarantined']), quarantineReason: body['reason'] });
    publish({ type: 'device', device });
    return json(response, {
      device,
      certificates: certificates.filter((one) => one.subject === id),
      incidents: [],
    });
  }
  if (name === 'rules') return json(response, id === 'explain' ? explanation('') : ruleDetail(id));
  if (name === 'hunts' && id === '') {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    response.end(
      huntNews()
        .map((news) => `${JSON.stringify(news)}\n`)
        .join(''),
    );
    return;
  }
  if (name === 'certificates') {
    const at = certificates.findIndex((one) => one.serial === id);
    certificates[at] = {
      ...certificates[at]!,
      revoked: { at: now, reason: body['reason'] as 'keyCompromise', by: 'user:minh.nguyen' },
    };
    return json(response, certificates[at]);
  }
  if (name === 'enrolment-tokens') {
    const device = body['deviceId'];
    const commands = `openssl ecparam -name prime256v1 -genkey -noout -out ${device}.key\nopenssl req -new -key ${device}.key -subj "/CN=${device}" -outform DER -out ${device}.csr\ncurl --cacert root.pem -u "${device}:$TOKEN" --data-binary @${device}.csr \\\n  -H 'content-type: application/pkcs10' https://127.0.0.1:8443/.well-known/est/simpleenroll`;
    return json(response, {
      token: 'kde_DEVELOPMENT_ONLY_9fQ2',
      deviceId: device,
      expires: now + Number(body['minutes']) * minute,
      commands,
      recipes: {
        kydai: `kydai device enrol ${device} --server https://127.0.0.1:8443 --ca root.pem`,
        openssl: commands,
        strongswan: `pki --est --url https://localhost:8443 --in ${device}.req --cacert root.pem`,
      },
    });
  }
  if (name === 'api-tokens') {
    const token = {
      id: 'dev',
      name: body['name'],
      scopes: body['scopes'],
      expires: now + 90 * 24 * 60 * minute,
    };
    return json(response, { ...token, token: 'kda_DEVELOPMENT_ONLY' });
  }
  if (name === 'audit')
    return json(response, {
      intact: true,
      size: audit.length,
      root: audit.at(-1)!.hash,
      checkpoints: 41,
      faults: [],
    });
  return json(response, {});
}

async function file(response: ServerResponse, path: string): Promise<void> {
  const wanted = normalize(path).replace(/^(\.\.[/\\])+/, '');
  const name = extname(wanted) ? wanted : '/index.html';
  try {
    const body = await readFile(join(consoleFolder, name));
    response.writeHead(200, {
      'content-type': types[extname(name)] ?? 'application/octet-stream',
      'content-security-policy': policy,
    });
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
}

/** Starts the fixture server on loopback; port 0 takes a free one. */
export function startFixture(port: number): Promise<Server> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    if (url.pathname === '/sign-in/methods')
      return json(response, { local: true, oidc: { name: 'Tài khoản cán bộ Huế' } });
    const answer = url.pathname.startsWith('/api/')
      ? api(request, response, url)
      : file(response, url.pathname);
    answer.catch((error: unknown) => problem(response, 500, 'fixture', String(error)));
  });
  const pulse = setInterval(() => {
    for (const source of sources.slice(0, 4)) {
      Object.assign(source, {
        received: source.received + 240,
        kept: source.kept + 240,
        lastSeen: Date.now(),
      });
      publish({ type: 'ledger', ledger: source });
    }
    decisions.unshift(decision(Date.now()));
    decisions.length = Math.min(decisions.length, 200);
    publish({ type: 'decision' });
    for (const stream of streams) stream.write('event: beat\ndata: {}\n\n');
  }, 4000);
  server.on('close', () => clearInterval(pulse));
  return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(server)));
}
