import type { GateRun, GateRunPage, WaiverPage } from '@kydai/contracts';
import { found } from './city/software.ts';
import { day, hour, start } from './city/start.ts';

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
