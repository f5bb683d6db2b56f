/**
 * Development data: an invented city for working on the pages. Never bundled, never served by Kỳ Đài itself. Names and
 * addresses are made up; addresses are from the documentation ranges (RFC 5737).
 * One file on purpose: the parts of the city refer to one another.
 */
import type {
  AuditLeaf,
  Certificate,
  Detection,
  Device,
  Finding,
  FindingsView,
  Incident,
  ObligationClock,
  PlaybookRun,
  SourceLedger,
} from '@kydai/contracts';

/** A small generator with a seed, so that every picture shows the same city (mulberry32). */
export function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const roll = dice(1802);
const hex = (length: number) => Array.from({ length }, () => Math.floor(roll() * 16).toString(16)).join('');
const uuid = () => `0198${hex(4)}-${hex(4)}-7${hex(3)}-a${hex(3)}-${hex(12)}`;
export const second = 1000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;
export const start = Date.now();

const places: readonly (readonly [string, string])[] = [
  ['truong-tien', 'phuong-thuan-hoa'],
  ['phu-xuan', 'phuong-phu-xuan'],
  ['dong-ba', 'phuong-phu-xuan'],
  ['ngo-mon', 'phuong-phu-xuan'],
  ['an-cuu', 'phuong-an-cuu'],
  ['vy-da', 'phuong-vy-da'],
  ['bai-dau', 'phuong-phu-xuan'],
  ['kim-long', 'phuong-kim-long'],
  ['nam-giao', 'phuong-thuan-hoa'],
  ['thuan-an', 'phuong-thuan-an'],
];

export const devices: Device[] = places.flatMap(([place, zone], index): Device[] => {
  const make = (prefix: string, kind: Device['kind'], area: string, ot: boolean, net: number): Device => ({
    id: `${prefix}-${place}-0${(index % 3) + 1}`,
    kind,
    zone: area,
    operationalTechnology: ot,
    quarantined: false,
    risk: Math.floor(roll() ** 3 * 40),
    addresses: [`192.0.2.${net + index}`],
    enrolled: start - Math.floor(roll() * 200 * day),
    lastSeen: start - Math.floor(roll() * 8 * minute),
    drill: false,
  });
  return [
    make('cam', 'camera', zone, false, 10),
    make('tl', 'traffic-controller', 'giao-thong', true, 40),
    ...(index % 2 === 0 ? [make('qt', 'sensor', 'moi-truong', false, 70)] : []),
    ...(index % 4 === 1 ? [make('nuoc', 'water-controller', 'cap-nuoc', true, 100)] : []),
    ...(index % 5 === 2 ? [make('coi', 'siren', 'phong-chong-thien-tai', true, 130)] : []),
  ];
});
devices.push({
  id: 'gw-ioc-01',
  kind: 'gateway',
  zone: 'ioc',
  operationalTechnology: false,
  quarantined: false,
  risk: 4,
  addresses: ['192.0.2.1', '2001:db8:10::1'],
  enrolled: start - 220 * day,
  lastSeen: start - 3 * second,
  drill: false,
});
const stolen = devices.find((one) => one.id === 'cam-dong-ba-03')!;
Object.assign(stolen, {
  quarantined: true,
  quarantineReason: 'INC-2026-0042: cùng một khóa bí mật xuất hiện từ hai địa chỉ',
  risk: 96,
});
const tampered = devices.find((one) => one.id.startsWith('tl-phu-xuan'))!;
Object.assign(tampered, { risk: 71 });

export const certificates: Certificate[] = devices.flatMap((device, index): Certificate[] => {
  const make = (age: number, length: number): Certificate => ({
    serial: hex(32),
    issuer: 'device-ca-1',
    profile: 'device',
    subject: device.id,
    names: [device.id, `${device.id}.thietbi.kydai.example`],
    keyType: index % 6 === 0 ? 'RSA-2048' : 'EC-P256',
    keyDigest: hex(64),
    fingerprint: hex(64),
    notBefore: start - age,
    notAfter: start - age + length,
    issued: start - age,
    requester: index % 2 ? `token:${uuid().slice(0, 8)}` : `certificate:${hex(12)}`,
    der: 'TUlJQ0RldmVsb3BtZW50RGF0YU9ubHlOb3RBQ2VydGlmaWNhdGU='.repeat(12),
  });
  const current = make(Math.floor(roll() * 80 * day) + hour, 90 * day);
  const revoked =
    device === stolen
      ? { at: start - 21 * minute, reason: 'keyCompromise' as const, by: 'playbook:chung-thu-bi-danh-cap' }
      : undefined;
  return [
    revoked ? { ...current, revoked } : current,
    ...(index % 7 === 3 ? [make(130 * day, 90 * day)] : []),
  ];
});

const ref = (type: 'device' | 'address' | 'user' | 'host', id: string) => ({ type, id }) as const;

export const rules = {
  clone: { id: 'kydai-pki-key-two-addresses', title: 'Một chứng thư số dùng từ hai địa chỉ cùng lúc' },
  telnet: { id: 'kydai-iot-telnet-fanout', title: 'Camera quét telnet ra nhiều địa chỉ' },
  brute: { id: 'kydai-ssh-brute-force', title: 'Dò mật khẩu SSH từ một địa chỉ' },
  phase: { id: 'kydai-ot-unscheduled-phase', title: 'Đổi pha đèn giao thông ngoài lịch' },
  login: { id: 'kydai-camera-default-login', title: 'Đăng nhập camera bằng tài khoản mặc định' },
  bulk: { id: 'kydai-data-bulk-read', title: 'Đọc hàng loạt hồ sơ công dân qua cổng API' },
} as const;

function detection(
  rule: keyof typeof rules,
  level: Detection['level'],
  ago: number,
  entities: Detection['entities'],
  techniques: readonly string[],
  events = 1,
  drill = false,
): Detection {
  return {
    id: uuid(),
    rule: rules[rule],
    level,
    time: start - ago,
    firstEventTime: start - ago - (events > 1 ? 42 * second : 0),
    detected: start - ago + 38 + Math.floor(roll() * 90),
    eventIds: Array.from({ length: Math.min(events, 5) }, uuid),
    eventCount: events,
    entities,
    techniques,
    tags: techniques.map((id) => `attack.${id.toLowerCase()}`),
    ...(events > 1
      ? { group: { 'source.ip': entities.find((one) => one.type === 'address')?.id ?? '203.0.113.7' } }
      : {}),
    drill,
  };
}

export const detections: Detection[] = [
  detection(
    'phase',
    'critical',
    6 * minute,
    [ref('device', tampered.id), ref('address', '203.0.113.48')],
    ['T0855', 'T0831'],
  ),
  detection(
    'clone',
    'critical',
    22 * minute,
    [ref('device', stolen.id), ref('address', '198.51.100.23')],
    ['T1552.004', 'T1078'],
    2,
  ),
  detection(
    'brute',
    'high',
    51 * minute,
    [ref('address', '203.0.113.7'), ref('host', 'ioc-cong-api')],
    ['T1110.001'],
    214,
  ),
  detection(
    'login',
    'medium',
    2 * hour,
    [ref('device', 'cam-an-cuu-02'), ref('address', '203.0.113.90')],
    ['T1078.001'],
  ),
  detection('telnet', 'high', 3 * hour, [ref('device', 'cam-kim-long-02')], ['T1046', 'T0842'], 61, true),
  detection(
    'bulk',
    'high',
    26 * hour,
    [ref('user', 'dv-tra-cuu-ho-so'), ref('address', '203.0.113.15')],
    ['T1213', 'T1530'],
    4180,
  ),
  ...Array.from({ length: 34 }, (_, index) =>
    detection(
      index % 3 ? 'brute' : 'login',
      index % 3 ? 'medium' : 'low',
      (4 + index * 2.7) * hour,
      [ref('address', `203.0.113.${20 + index}`)],
      ['T1110.001'],
      index % 3 ? 12 + index : 1,
    ),
  ),
];

const at = (
  ago: number,
  source: string,
  confidence: 'low' | 'medium' | 'high',
  precision: 'millisecond' | 'second' | 'minute' = 'millisecond',
) => ({
  at: start - ago,
  source,
  precision,
  confidence,
});

interface Sketch {
  number: number;
  title: string;
  category: string;
  state: Incident['state'];
  severity: Incident['severity'];
  drill?: boolean;
  detection: Detection;
  count: number;
  ago: number;
  assignee?: string;
}

function incident(sketch: Sketch): Incident {
  const { ago, detection: first } = sketch;
  const line = (
    before: number,
    kind: Incident['timeline'][number]['kind'],
    code: string,
    values: Record<string, string>,
    actor: string,
  ) => ({ at: start - before, kind, code, values, actor });
  const beyond = sketch.state !== 'new' && sketch.state !== 'open';
  return {
    id: uuid(),
    number: `INC-2026-${String(sketch.number).padStart(4, '0')}`,
    title: sketch.title,
    category: sketch.category,
    state: sketch.state,
    severity: sketch.severity,
    drill: sketch.drill ?? false,
    entities: first.entities,
    detectionIds: [first.id],
    detectionCount: sketch.count,
    runIds: [],
    ...(sketch.assignee ? { assignee: sketch.assignee } : {}),
    times: {
      firstMaliciousAction: at(ago + 9 * minute, `event:${first.eventIds[0]}`, 'medium', 'second'),
      discovery: at(ago, `detection:${first.id}`, 'high'),
      ...(sketch.state === 'new' ? {} : { opened: at(ago - 2 * second, 'playbook:tu-dong', 'high') }),
      ...(beyond && sketch.state !== 'false-positive'
        ? { containmentAchieved: at(ago - 3.4 * second, `containment:${uuid()}`, 'high') }
        : {}),
      ...(sketch.state === 'closed' || sketch.state === 'restored'
        ? { restorationAchieved: at(ago - 4 * hour, 'user:lan.tran', 'medium', 'minute') }
        : {}),
      ...(sketch.state === 'closed'
        ? {
            reported: at(ago - 8 * hour, 'user:minh.nguyen', 'high', 'minute'),
            closed: at(ago - 9 * hour, 'user:minh.nguyen', 'high'),
          }
        : {}),
    },
    timeline: [
      line(
        ago,
        'detection',
        'detection',
        { rule: first.rule.title, level: first.level, detection: first.id },
        `rule:${first.rule.id}`,
      ),
      line(ago - 12, 'run', 'run.requested', { playbook: sketch.category, detection: first.id }, 'system'),
      line(ago - 240, 'run', 'run.started', { playbook: sketch.title, run: 'r' }, 'playbook:tu-dong'),
      ...(sketch.state === 'new'
        ? []
        : [
            line(
              ago - 2 * second,
              'step',
              'notice',
              {
                audience: 'SOC',
                vi: 'Gọi đơn vị vận hành thiết bị và giữ nguyên hiện trường.',
                en: 'Call the operator of the device and keep the scene as it is.',
              },
              'playbook:tu-dong',
            ),
          ]),
      ...(beyond && sketch.state !== 'false-positive'
        ? [
            line(
              ago - 2.6 * second,
              'step',
              'step.done',
              { step: 'Thu hồi chứng thư số của thiết bị' },
              'playbook:tu-dong',
            ),
            line(
              ago - 3.4 * second,
              'containment',
              'containment.effective',
              {
                what: `revoke-certificate device:${first.entities[0]?.id ?? ''}`,
                evidence: 'ocsp: 1 of 1 certificates revoked',
              },
              'playbook:tu-dong',
            ),
            line(ago - 3.5 * second, 'state', 'state.contained', { run: 'r' }, 'system'),
          ]
        : []),
      ...(sketch.assignee
        ? [
            line(
              ago - 6 * minute,
              'comment',
              'comment',
              { comment: 'Đã gọi đơn vị vận hành camera, cử người tới chợ Đông Ba kiểm tra tủ thiết bị.' },
              'user:lan.tran',
            ),
          ]
        : []),
    ],
  };
}

export const incidents: Incident[] = [
  incident({
    number: 43,
    title: 'Can thiệp tủ đèn giao thông cầu Phú Xuân',
    category: 'traffic-light-tampering',
    state: 'open',
    severity: 'critical',
    detection: detections[0]!,
    count: 1,
    ago: 6 * minute,
  }),
  incident({
    number: 42,
    title: 'Chứng thư số camera chợ Đông Ba bị đánh cắp',
    category: 'stolen-certificate',
    state: 'contained',
    severity: 'critical',
    detection: detections[1]!,
    count: 3,
    ago: 22 * minute,
    assignee: 'Trần Thị Lan',
  }),
  incident({
    number: 41,
    title: 'Dò mật khẩu SSH vào cổng API',
    category: 'brute-force',
    state: 'new',
    severity: 'high',
    detection: detections[2]!,
    count: 9,
    ago: 51 * minute,
  }),
  incident({
    number: 40,
    title: 'Mạng máy tính ma từ camera Kim Long',
    category: 'camera-botnet',
    state: 'contained',
    severity: 'high',
    drill: true,
    detection: detections[4]!,
    count: 61,
    ago: 3 * hour,
  }),
  incident({
    number: 39,
    title: 'Thu thập dữ liệu công dân qua cổng tra cứu hồ sơ',
    category: 'data-scraping',
    state: 'restored',
    severity: 'high',
    detection: detections[5]!,
    count: 12,
    ago: 26 * hour,
    assignee: 'Nguyễn Văn Minh',
  }),
  incident({
    number: 38,
    title: 'Đăng nhập camera An Cựu bằng tài khoản mặc định',
    category: 'default-credentials',
    state: 'closed',
    severity: 'medium',
    detection: detections[3]!,
    count: 1,
    ago: 3 * day,
  }),
  incident({
    number: 37,
    title: 'Dò mật khẩu từ dải địa chỉ kiểm thử nội bộ',
    category: 'brute-force',
    state: 'false-positive',
    severity: 'low',
    detection: detections[7]!,
    count: 40,
    ago: 5 * day,
  }),
];

const step = (
  id: string,
  name: string,
  state: PlaybookRun['steps'][number]['state'],
  ago?: number,
  took = 300,
  more: Partial<PlaybookRun['steps'][number]> = {},
): PlaybookRun['steps'][number] => ({
  id: `action--${id}`,
  name,
  type: 'action',
  state,
  ...(ago === undefined ? {} : { started: start - ago }),
  ...(ago === undefined || state === 'waiting-approval' || state === 'running'
    ? {}
    : { ended: start - ago + took }),
  evidence: [],
  ...more,
});

export const runs: PlaybookRun[] = [
  {
    id: uuid(),
    playbookId: 'playbook--traffic',
    playbookName: 'Can thiệp đèn giao thông',
    incidentId: incidents[0]!.id,
    state: 'waiting-approval',
    started: start - 6 * minute + 240,
    drill: false,
    variables: { __device__: tampered.id },
    steps: [
      step('1', 'Ghi lại trạng thái bộ điều khiển', 'done', 6 * minute - 260, 180, {
        outcome: 'đã lưu 214 sự kiện làm chứng cứ',
      }),
      step('2', 'Chặn địa chỉ điều khiển lạ 203.0.113.48', 'done', 6 * minute - 500, 410, {
        outcome: 'đã chặn tại cổng giao thông',
        evidence: ['decision: connect denied by forbid blocked-address'],
      }),
      step('3', `Thu hồi chứng thư số của ${tampered.id}`, 'waiting-approval', 6 * minute - 1000, 0, {
        outcome: 'Thiết bị vận hành (OT): luôn cần một người phê duyệt',
        outcomePhrases: [
          {
            code: 'reason.policy',
            values: {
              policy: 'operational-technology',
              vi: 'Thiết bị vận hành (OT): luôn cần một người phê duyệt',
              en: 'Operational technology: a person always approves',
            },
          },
        ],
        command: `Revoke every valid certificate of controller ${tampered.id}.`,
        commandVi: `Thu hồi mọi chứng thư số còn hiệu lực của tủ điều khiển ${tampered.id}.`,
      }),
      step('4', 'Chuyển nút giao sang chế độ nhấp nháy vàng', 'pending'),
      step('5', 'Báo Đội Cảnh sát giao thông', 'pending'),
    ],
  },
  {
    id: uuid(),
    playbookId: 'playbook--stolen',
    playbookName: 'Chứng thư số bị đánh cắp',
    incidentId: incidents[1]!.id,
    state: 'done',
    started: start - 22 * minute + 240,
    ended: start - 22 * minute + 3500,
    drill: false,
    variables: { __device__: stolen.id },
    steps: [
      step('1', 'Xác minh hai địa chỉ dùng cùng một khóa', 'done', 22 * minute - 260, 140, {
        outcome: '192.0.2.12 và 198.51.100.23',
      }),
      step('2', `Thu hồi chứng thư số của ${stolen.id}`, 'done', 22 * minute - 500, 1900, {
        outcome: '1 chứng thư số đã thu hồi',
        evidence: ['ocsp: 1 of 1 certificates revoked'],
        evidencePhrases: [{ code: 'evidence.ocsp', values: { revoked: '1', all: '1' } }],
      }),
      step('3', `Cách ly ${stolen.id}`, 'done', 22 * minute - 2500, 800, {
        evidence: ['decision: publish denied by forbid quarantined-devices'],
      }),
      step('4', 'Tạo phiếu ghi danh lại', 'skipped', 22 * minute - 3400, 10, {
        outcome: 'chờ kết quả kiểm tra hiện trường',
      }),
    ],
  },
];
for (const run of runs) {
  const owner = incidents.findIndex((one) => one.id === run.incidentId);
  incidents[owner] = { ...incidents[owner]!, runIds: [run.id] };
}

export const obligations: ObligationClock[] = [0, 1].flatMap((index): ObligationClock[] => {
  const owner = incidents[index]!;
  const started = owner.times.discovery!.at;
  const make = (id: string, hours: number, vi: string, en: string): ObligationClock => ({
    obligation: {
      id,
      title: { vi, en },
      clockStart: 'discovery',
      hours,
      recipient: { vi: 'Bộ Công an (A05)', en: 'Ministry of Public Security (A05)' },
      citation: 'Nghị định 331/2026/NĐ-CP, Điều 31.2.d',
      inForce: '2026-08-19',
      verified: 'text',
      applies: { minimumSeverity: 'high' },
    },
    incidentId: owner.id,
    started,
    due: started + hours * hour,
  });
  return [
    make('first-notice', 24, 'Báo cáo ban đầu sự cố nghiêm trọng', 'First notice of a serious incident'),
    make('cause-scope', 72, 'Báo cáo nguyên nhân, phạm vi, khắc phục', 'Cause, scope and remedy'),
  ];
});
obligations.push({
  obligation: {
    id: 'personal-data',
    title: { vi: 'Thông báo vi phạm dữ liệu cá nhân', en: 'Personal data breach notice' },
    clockStart: 'discovery',
    hours: 72,
    recipient: { vi: 'Cơ quan bảo vệ dữ liệu cá nhân', en: 'Personal data protection authority' },
    citation: 'Luật 91/2025/QH15, Điều 23',
    inForce: '2026-01-01',
    verified: 'secondary',
    applies: { minimumSeverity: 'medium', categories: ['data-scraping'] },
  },
  incidentId: incidents[4]!.id,
  started: incidents[4]!.times.discovery!.at - 31 * hour,
  due: incidents[4]!.times.discovery!.at + 41 * hour,
});

const ledger = (
  source: string,
  transport: SourceLedger['transport'],
  received: number,
  refused: number,
  dropped: number,
  pending: number,
  reasons: Record<string, number>,
  lastSeen: number,
): SourceLedger => ({
  source,
  transport,
  received,
  kept: received - refused - dropped - pending,
  parsed: Math.floor((received - refused - dropped - pending) * (0.93 + roll() * 0.07)),
  refused,
  dropped,
  pending,
  reasons,
  bytes: received * 187,
  firstSeen: start - 40 * day,
  lastSeen,
});

export const sources: SourceLedger[] = [
  ledger('syslog-tls/192.0.2.1', 'syslog-tls', 18_204_551, 0, 0, 96, {}, start - 300),
  ledger(
    'syslog-tcp/ioc-cong-api',
    'syslog-tcp',
    7_441_902,
    212,
    0,
    31,
    { 'line-too-long': 212 },
    start - 900,
  ),
  ledger(
    'syslog-udp/192.0.2.12',
    'syslog-udp',
    2_110_480,
    0,
    1841,
    4,
    { 'queue-full': 1841 },
    start - 4 * second,
  ),
  ledger('bulk/filebeat', 'bulk', 4_820_116, 44, 0, 200, { 'bad-json': 44 }, start - 2 * second),
  ledger('http/cong-dich-vu-cong', 'http', 912_004, 9, 0, 0, { 'body-too-large': 9 }, start - 41 * minute),
  ledger('internal/kydai', 'internal', 60_412, 0, 0, 0, {}, start - second),
];

const finding = (
  system: string,
  name: string,
  version: string,
  advisory: string,
  cve: string,
  summary: string,
  severity: Finding['severity'],
  score: number | null,
  fixed: readonly string[],
  more: Partial<Finding> = {},
): Finding => ({
  system,
  component: { name, version, purl: `pkg:npm/${name}@${version}` },
  advisory,
  aliases: [cve],
  summary,
  severity,
  score,
  knownExploited: false,
  malicious: false,
  fixedVersions: fixed,
  direct: false,
  proof: {
    record: `${advisory}.json`,
    range: `>=0 <${fixed[0] ?? '*'}`,
    comparator: 'semver',
    database: '5f1c9a22d0be7741',
  },
  ...more,
});

export const findings: FindingsView = {
  systems: [
    {
      id: 'cong-dich-vu-cong',
      name: 'Cổng dịch vụ công',
      version: '4.12.0',
      owner: 'Trung tâm CNTT',
      components: 1184,
      notAssessed: 3,
      received: start - 2 * hour,
      verdict: 'fail',
      findings: { critical: 1, high: 2, medium: 1 },
    },
    {
      id: 'ban-do-ngap',
      name: 'Bản đồ ngập lụt',
      version: '2.3.1',
      owner: 'Sở NN&MT',
      components: 402,
      notAssessed: 0,
      received: start - 20 * hour,
      verdict: 'pass',
      findings: { low: 1 },
    },
    {
      id: 'dieu-phoi-giao-thong',
      name: 'Điều phối giao thông',
      version: '1.9.4',
      owner: 'Sở Xây dựng',
      components: 655,
      notAssessed: 41,
      received: start - 9 * day,
      verdict: 'unchecked',
      findings: {},
    },
  ],
  findings: [
    finding(
      'cong-dich-vu-cong',
      'minimist',
      '1.2.5',
      'GHSA-xvch-5gv4-984h',
      'CVE-2021-44906',
      'Prototype pollution in minimist',
      'critical',
      9.8,
      ['1.2.6'],
      { knownExploited: true },
    ),
    finding(
      'cong-dich-vu-cong',
      'axios',
      '0.21.0',
      'GHSA-4w2v-q235-vp99',
      'CVE-2020-28168',
      'Server-side request forgery in axios',
      'high',
      7.5,
      ['0.21.1'],
      { direct: true },
    ),
    finding(
      'cong-dich-vu-cong',
      'ansi-regex',
      '5.0.0',
      'GHSA-93q8-gq69-wqmw',
      'CVE-2021-3807',
      'Inefficient regular expression complexity',
      'high',
      7.5,
      ['5.0.1', '6.0.1'],
    ),
    finding(
      'cong-dich-vu-cong',
      'request',
      '2.88.2',
      'GHSA-p8p7-x288-28g6',
      'CVE-2023-28155',
      'Server-side request forgery in request',
      'medium',
      6.1,
      [],
    ),
    finding(
      'ban-do-ngap',
      'cookie',
      '0.6.0',
      'GHSA-pxg6-pf52-xh8x',
      'CVE-2024-47764',
      'Cookie accepts names out of bounds',
      'low',
      null,
      ['0.7.0'],
      { direct: true },
    ),
  ],
  database: { digest: '5f1c9a22d0be77410b6a', advisories: 291_402, imported: start - 9 * hour },
};

const actions: readonly (readonly [string, string, string, Record<string, string | number>])[] = [
  ['certificate.issue', 'certificate', 'token:7c1e', { profile: 'device', key: 'EC-P256' }],
  ['decision.deny', 'device', 'system', { action: 'publish', policy: 'quarantined-devices' }],
  ['step.done', 'run', 'playbook:chung-thu-bi-danh-cap', { step: 'Cách ly' }],
  ['approval.grant', 'run', 'user:minh.nguyen', { comment: 'đã xác nhận qua điện thoại' }],
  ['certificate.revoke', 'certificate', 'playbook:chung-thu-bi-danh-cap', { reason: 'keyCompromise' }],
  ['session.begin', 'user', 'user:lan.tran', { method: 'oidc' }],
];
export const audit: AuditLeaf[] = Array.from({ length: 1312 }, (_, index) => {
  const [action, kind, actor, detail] = actions[Math.floor(roll() * actions.length)]!;
  const device = devices[Math.floor(roll() * devices.length)]!;
  return {
    index,
    hash: hex(64),
    entry: {
      at: start - (1312 - index) * 7 * minute,
      actor,
      action,
      target: `${kind}:${kind === 'user' ? 'lan.tran' : device.id}`,
      detail,
    },
  };
});
