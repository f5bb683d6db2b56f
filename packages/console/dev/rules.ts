/** Development data: a few rules, what they cover, and a hunt. Made up, like the rest of the fixture. */
import type {
  CoverageView,
  HuntNews,
  RuleDetailView,
  RuleExplanationView,
  RulesView,
} from '@kydai/contracts';
import { day, detections, hour, rules as named, start } from './data.ts';

const techniques: Readonly<Record<string, readonly string[]>> = {
  clone: ['T1552.004', 'T1078'],
  telnet: ['T1046', 'T0842'],
  brute: ['T1110.001'],
  phase: ['T0855', 'T0831'],
  login: ['T1078.001'],
  bulk: ['T1213', 'T1530'],
};

const items: RulesView['items'] = Object.entries(named).map(([key, { id, title }], index) => ({
  id,
  title,
  kind: index % 3 === 2 ? 'correlation' : 'rule',
  level: (['critical', 'high', 'medium', 'low'] as const)[index % 4]!,
  status: 'test',
  techniques: [...(techniques[key] ?? [])],
  pack: null,
  fired: detections.filter(({ rule }) => rule.id === id).length,
  suppressed: index === 2 ? 1204 : 0,
  lastFired: detections.find(({ rule }) => rule.id === id)?.detected ?? null,
  tests: { firing: 2, quiet: 1, passed: true },
  enabled: index !== 4,
  throttle: index === 2 ? { perSource: 3, windowSeconds: 3600 } : null,
}));

export const rulesView = (q: string): RulesView => {
  const found = items.filter(({ id, title }) => `${id} ${title}`.toLowerCase().includes(q.toLowerCase()));
  return {
    items: found,
    total: found.length,
    packs: [{ name: 'sigmahq', rules: 3754, errors: 0, warnings: 2 }],
  };
};

export const explanation = (id: string): RuleExplanationView => ({
  rule: { id, title: items.find((rule) => rule.id === id)?.title ?? 'luật' },
  logsource: { service: 'camera.log' },
  outline: [
    'all of',
    '  event.action is `login`',
    '  event.outcome is `success`',
    '  not',
    '    source.ip is in 10.0.0.0/8',
  ],
  correlation: null,
  datasets: ['camera.log'],
  fields: [
    { name: 'event.action', sources: [{ field: 'event.action', events: 300 }] },
    {
      name: 'user',
      sources: [
        { field: 'user', events: 0 },
        { field: 'user.name', events: 212 },
      ],
    },
  ],
  sources: [{ dataset: 'camera.log', events: 18_204 }],
  days: 7,
  sampled: 300,
  verdict: 'can-fire',
  missing: [],
  cost: { predicates: 4, indexed: 3, always: false, wakers: ['login'] },
});

export function ruleDetail(id: string): RuleDetailView | undefined {
  const rule = items.find((one) => one.id === id);
  if (rule === undefined) return undefined;
  return {
    ...rule,
    description: 'Đăng nhập vào camera bằng tài khoản mà hãng đặt sẵn.',
    knownGaps: 'camera không ghi nhật ký đăng nhập',
    falsePositives: ['Thợ lắp đặt'],
    tags: rule.techniques.map((technique) => `attack.${technique.toLowerCase()}`),
    file: `policies/detection/${id}.yml`,
    text: `title: ${rule.title}\nid: ${id}\nlogsource:\n  service: camera.log\n`,
    explanation: explanation(id),
    cases: [
      {
        name: 'từ bên ngoài',
        fires: true,
        fired: 1,
        passed: true,
        events: [{ dataset: 'camera.log', fields: { 'event.action': 'login' } }],
      },
      {
        name: 'từ đầu ghi',
        fires: false,
        fired: 0,
        passed: true,
        events: [{ dataset: 'camera.log', fields: { 'event.action': 'login' }, repeat: 9 }],
      },
    ],
    daily: Array.from({ length: 30 }, (_, n) => ({ time: start - (29 - n) * day, count: (n * 7) % 5 })),
    limits: {
      perSource: rule.throttle?.perSource ?? 20,
      perRule: 1000,
      windowSeconds: rule.throttle?.windowSeconds ?? 60,
    },
    changed:
      rule.throttle === null ? null : { by: 'user:minh.nguyen', at: start - 3 * hour, reason: 'quá ồn' },
  };
}

const columns: readonly [CoverageView['matrix'][number]['matrix'], string, readonly [string, string][]][] = [
  [
    'enterprise',
    'initial-access',
    [
      ['T1078', 'Valid Accounts'],
      ['T1190', 'Exploit Public-Facing Application'],
    ],
  ],
  [
    'enterprise',
    'credential-access',
    [
      ['T1110', 'Brute Force'],
      ['T1552', 'Unsecured Credentials'],
      ['T1003', 'OS Credential Dumping'],
    ],
  ],
  ['enterprise', 'discovery', [['T1046', 'Network Service Discovery']]],
  [
    'ics',
    'impair-process-control',
    [
      ['T0855', 'Unauthorized Command Message'],
      ['T0836', 'Modify Parameter'],
    ],
  ],
  ['ics', 'impact', [['T0831', 'Manipulation of Control']]],
];
export const coverage: CoverageView = {
  techniques: [...new Set(Object.values(techniques).flat())].map((technique) => {
    const covering = items.filter((rule) => rule.techniques.includes(technique));
    return {
      technique,
      name: technique,
      matrix: technique.startsWith('T08') ? 'ics' : 'enterprise',
      fired: covering.reduce((sum, rule) => sum + rule.fired, 0),
      count: covering.length,
      rules: covering.map(({ id, title, level }) => ({ id, title, level })),
    };
  }),
  matrix: columns.map(([matrix, tactic, names]) => ({
    matrix,
    tactic,
    techniques: names.map(([technique, name]) => ({ technique, name })),
  })),
  tactics: {},
  categories: {},
  untagged: 0,
};

/** What a hunt says, line by line. */
export function huntNews(): readonly HuntNews[] {
  const hits = detections.slice(0, 9);
  const rule = hits[0]!.rule;
  const from = start - 7 * day;
  return [
    {
      type: 'progress',
      through: start - 3 * day,
      from,
      to: start,
      judged: 4000,
      total: 4,
      hits: hits.slice(0, 4),
    },
    {
      type: 'done',
      view: { rule, hits, total: hits.length, judged: 9120, complete: true, ms: 812, warnings: [] },
    },
  ];
}
