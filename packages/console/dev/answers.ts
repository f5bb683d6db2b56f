/** What the fixture API says to those who only ask. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { backups, noBackups } from './backups.ts';
import { change } from './changes.ts';
import { audit, certificates, detections, devices, incidents, rates, sources } from './data.ts';
import { decisions, fieldsOf, histogram, searchEvents, statisticsOf, valuesOf } from './events.ts';
import { gateRuns, waivers } from './gate.ts';
import { bodyOf, json, none, page, problem, streams } from './http.ts';
import { incidentView, overview, session } from './overview.ts';
import * as pki from './pki.ts';
import { policies, policyFiles } from './policies.ts';
import { coverage, ruleDetail, rulesView } from './rules.ts';
import * as sbom from './sbom.ts';
import { graph } from './sbom-graph.ts';

export async function api(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
  const mode = process.env['KYDAI_FIXTURE'] ?? '';
  const empty = mode === 'empty';
  const search = url.searchParams;
  const [name, id, act] = url.pathname.replace('/api/v1/', '').split('/').map(decodeURIComponent);
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
      const words = (search.get('q') ?? '').toLowerCase();
      const behind = search.get('indicator') === null ? undefined : incidents.filter(({ drill }) => !drill);
      return json(
        response,
        empty
          ? none
          : page(
              (behind ?? incidents).filter(
                (one) =>
                  (!open || !['closed', 'false-positive'].includes(one.state)) &&
                  `${one.number} ${one.title}`.toLowerCase().includes(words),
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
      if (id) {
        const one = certificates.find(({ serial }) => serial === id);
        return one ? json(response, one) : problem(response, 404, 'not-found', `no certificate \`${id}\``);
      }
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
      return json(response, { sources: empty ? [] : sources, rates: empty ? [] : rates() });
    case 'decisions':
      return json(response, { items: empty ? [] : decisions, unlisted: empty ? 0 : 48_213 });
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
    case 'entities': {
      const ids = ['soc-analyst', 'ciso', 'pki-operator', 'operator', 'viewer'];
      const type = search.get('type') ?? '';
      return json(response, { items: ids.map((one) => ({ uid: { type, id: one } })), total: ids.length });
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
