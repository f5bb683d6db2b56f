import type {
  AdvisoryView,
  Finding,
  FindingGroup,
  FindingGrouping,
  FindingSummary,
  FoundView,
  GateRun,
  GateRunPage,
  GraphNode,
  SbomGraph,
  SystemView,
  WaiverPage,
} from '@kydai/contracts';
import { findings as kept } from './data.ts';

const hour = 3_600_000;
const day = 24 * hour;
const start = Date.now();

const places: Readonly<Record<string, readonly [zone: string, site: string]>> = {
  'cong-dich-vu-cong': ['dmz', 'Trung tâm dữ liệu An Vân Dương'],
  'ban-do-ngap': ['water', 'Trạm bơm Phú Cát'],
  'dieu-phoi-giao-thong': ['traffic', 'Nút giao Cầu Trường Tiền'],
};
const systems: readonly SystemView[] = kept.systems.map((one) => ({
  ...one,
  zone: places[one.id]?.[0] ?? '',
  site: places[one.id]?.[1] ?? '',
}));
const found: readonly Finding[] = kept.findings.map((one, at) => ({
  ...one,
  epss: [0.71, 0.043, 0.012, 0.004, 0.001][at % 5]!,
  published: new Date(start - (at + 3) * 40 * day).toISOString(),
  found: start - (at + 1) * 31 * hour,
}));
const systemOf = (id: string) => systems.find((one) => one.id === id)!;

function counts(some: readonly Finding[]) {
  const severities: Record<string, number> = {};
  for (const { severity } of some) severities[severity] = (severities[severity] ?? 0) + 1;
  return {
    findings: some.length,
    severities,
    knownExploited: some.filter((one) => one.knownExploited).length,
    malicious: some.filter((one) => one.malicious).length,
    fixable: some.filter((one) => one.fixedVersions.length > 0).length,
  };
}

export const summary: FindingSummary = {
  ...counts(found),
  systems: systems.length,
  verdicts: { fail: 1, pass: 1, unchecked: 1 },
  components: found.length,
  advisories: found.length,
  owners: systems.length,
  database: kept.database,
};

export function groups(by: FindingGrouping): readonly FindingGroup[] {
  const order = ['critical', 'high', 'medium', 'low', 'unknown', 'none'] as const;
  const group = (key: string, name: string, detail: string, some: readonly Finding[]): FindingGroup => ({
    ...counts(some),
    key,
    name,
    detail,
    worst: order.find((severity) => some.some((one) => one.severity === severity)) ?? 'none',
    score: some[0]?.score ?? null,
    ...(some[0]?.epss === undefined ? {} : { epss: some[0].epss }),
    ...(some[0]?.found === undefined ? {} : { first: some[0].found, last: some[0].found }),
    systems: new Set(some.map((one) => one.system)).size,
    components: some.length,
  });
  if (by === 'system') {
    return systems.map((system) => ({
      ...group(
        system.id,
        system.name,
        system.version,
        found.filter((one) => one.system === system.id),
      ),
      systems: 1,
      system,
    }));
  }
  if (by === 'owner') {
    return systems.map(({ id, owner }) =>
      group(
        owner,
        owner,
        '',
        found.filter((one) => one.system === id),
      ),
    );
  }
  return found.map((one) =>
    by === 'component'
      ? group(one.component.purl, one.component.name, one.component.version, [one])
      : group(one.advisory, one.advisory, one.summary, [one]),
  );
}

export function list(search: URLSearchParams): readonly FoundView[] {
  const is = (name: string, ...values: string[]) =>
    search.get(name) === null || values.includes(search.get(name)!);
  return found
    .filter(
      (one) =>
        is('system', one.system) &&
        is('component', one.component.purl) &&
        is('advisory', one.advisory, ...one.aliases) &&
        is('owner', systemOf(one.system).owner),
    )
    .map((finding) => ({ finding, system: systemOf(finding.system) }));
}

export function advisory(id: string): AdvisoryView | undefined {
  const one = found.find((each) => each.advisory === id || each.aliases.includes(id));
  return (
    one && {
      id: one.advisory,
      aliases: [...one.aliases],
      summary: one.summary,
      severity: one.severity,
      score: one.score,
      vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
      ...(one.epss === undefined ? {} : { epss: one.epss }),
      knownExploited: one.knownExploited,
      malicious: one.malicious,
      published: one.published ?? '',
      modified: one.published ?? '',
      url: `https://osv.dev/vulnerability/${one.advisory}`,
    }
  );
}

/** A web service with a thousand components: eight frameworks, what they need, and thirty weak ones far below. */
export function graph(id: string, component: string | null): SbomGraph | undefined {
  const system = systems.find((one) => one.id === id);
  if (system === undefined) return undefined;
  const nodes: GraphNode[] = [];
  const edges: [number, number][] = [];
  const add = (depth: number, name: string, version: string, more: Partial<GraphNode> = {}): number => {
    const at = nodes.length;
    nodes.push({
      id: at,
      name,
      version,
      depth,
      purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
      severity: null,
      findings: 0,
      knownExploited: false,
      hidden: (at * 7) % 23,
      ...more,
    });
    return at;
  };
  const root = add(0, system.name, system.version, { purl: '', hidden: 61 });
  const direct = [
    'express',
    '@nestjs/core',
    'webpack',
    'mocha',
    'request',
    'socket.io',
    'sharp',
    'passport',
  ].map((name, i) => add(1, name, `${i + 3}.${i}.1`));
  for (const at of direct) edges.push([root, at]);
  const own = found.filter((one) => one.system === id);
  const weak = ['critical', 'high', 'high', 'medium', 'medium', 'low'] as const;
  const between = Array.from({ length: 18 }, (_, i) => {
    const at = add(
      2,
      ['body-parser', 'chokidar', 'glob-parent', 'har-validator', 'yargs', 'qs'][i % 6]!,
      `2.${i}.0`,
    );
    edges.push([direct[i % direct.length]!, at]);
    return at;
  });
  for (let i = 0; i < 30; i += 1) {
    const real = own[i];
    const at = add(3, real?.component.name ?? `@types/weak-${i}`, real?.component.version ?? `1.${i}.3`, {
      severity: real?.severity ?? weak[i % weak.length]!,
      findings: 1 + (i % 3),
      knownExploited: real?.knownExploited ?? false,
      hidden: 0,
      ...(real ? { purl: real.component.purl } : {}),
    });
    edges.push([between[(i * 5) % between.length]!, at]);
    if (i % 4 === 0) edges.push([between[(i * 7 + 3) % between.length]!, at]);
  }
  const target = nodes.findIndex((node) => node.purl !== '' && node.purl === component);
  const ways = target < 0 ? [] : waysBack(target, edges);
  return {
    system,
    components: system.components,
    relations: system.components * 3,
    vulnerable: 41,
    shown: 30,
    nodes,
    edges,
    ways,
    moreWays: ways.length === 0 ? 0 : 2,
  };
}

function waysBack(target: number, edges: readonly (readonly [number, number])[]): number[][] {
  const parents = edges.filter(([, to]) => to === target).map(([from]) => from);
  return target === 0
    ? [[0]]
    : parents.flatMap((from) => waysBack(from, edges).map((way) => [...way, target]));
}

const verdicts = ['pass', 'pass', 'fail', 'pass', 'unchecked', 'fail', 'pass', 'pass'] as const;
const waiverStates = ['applied', 'applied', 'reopened', 'unsigned', 'expired'] as const;
export const waivers: WaiverPage['items'] = waiverStates.map((state, i) => ({
  advisory: found[i]!.advisory,
  component: found[i]!.component.purl,
  owner: ['Trần Thị Lan', 'Lê Văn Minh', 'Sở NN&MT'][i % 3]!,
  reason: [
    'Hàm bị lỗi không được gọi; đã chặn ở lớp proxy và theo dõi bằng quy tắc phát hiện',
    'Chờ nhà cung cấp phát hành bản vá trong tháng',
    'Thiết bị nằm trong vùng cách ly',
  ][i % 3]!,
  expires: new Date(start + [90, 6, 60, 45, -3][i]! * day).toISOString().slice(0, 10),
  signers: state === 'unsigned' ? ['Trần Thị Lan'] : ['Trần Thị Lan', 'Lê Văn Minh'],
  state,
  why: {
    applied: '',
    reopened: 'it is known to be exploited now',
    unsigned: 'only `Trần Thị Lan` has signed it',
    expired: '',
  }[state],
  pipeline: 'hue/cong-dich-vu-cong · phát hành',
  build: 'cong-dich-vu-cong@4.12.0',
  run: 'run-1',
  seen: start - hour,
}));

const names = ['hue/cong-dich-vu-cong · phát hành', 'hue/ban-do-ngap', 'firmware/camera-giao-thong'];
const runs: readonly GateRun[] = Array.from({ length: 42 }, (_, i) => {
  const verdict = verdicts[i % verdicts.length]!;
  return {
    id: `run-${i}`,
    pipeline: names[i % 3]!,
    build: `${['cong-dich-vu-cong', 'ban-do-ngap', 'camera-fw'][i % 3]}@4.${40 - i}.0`,
    verdict,
    ran: start - i * 5 * hour,
    received: start - i * 5 * hour,
    zone: ['dmz', 'water', 'traffic'][i % 3]!,
    components: 1184,
    assessed: 1180,
    severities: verdict === 'fail' ? { critical: 1, high: 2 } : verdict === 'pass' ? { low: i % 3 } : {},
    knownExploited: verdict === 'fail' ? 1 : 0,
    malicious: 0,
    blocking:
      verdict === 'fail'
        ? [
            {
              advisory: found[0]!.advisory,
              component: found[0]!.component.purl,
              severity: 'critical',
              fix: '1.2.6',
            },
          ]
        : [],
    blockingTotal: verdict === 'fail' ? 3 : 0,
    reasons:
      verdict === 'pass'
        ? []
        : verdict === 'fail'
          ? [
              {
                id: 'known-exploited',
                vi: 'có lỗ hổng đang bị khai thác (CISA KEV)',
                en: 'a vulnerability is known to be exploited (CISA KEV)',
              },
            ]
          : [
              {
                id: 'unchecked',
                vi: 'cơ sở dữ liệu lỗ hổng đã cũ hơn 30 ngày',
                en: 'the advisory database is older than 30 days',
              },
            ],
    waivers:
      i % 3 === 0
        ? [waivers[0]!, waivers[1]!].map(({ pipeline: _, build: __, run: ___, seen: ____, ...rest }) => rest)
        : [],
    database: { digest: '5f1c9a22d0be77410b6a', imported: start - 9 * hour },
    policySet: '1f2e3d4c5b6a',
    by: 'token:ci',
  };
});

export function gateRuns(search: URLSearchParams): GateRunPage {
  const some = runs.filter((run) => !search.get('pipeline') || run.pipeline === search.get('pipeline'));
  const offset = Number(search.get('offset') ?? 0);
  return {
    items: some.slice(offset, offset + Number(search.get('limit') ?? 30)),
    total: some.length,
    pipelines: names.map((pipeline) => {
      const own = runs.filter((run) => run.pipeline === pipeline);
      return { pipeline, runs: own.length, last: own[0]!.received, verdicts: own.map((run) => run.verdict) };
    }),
  };
}
