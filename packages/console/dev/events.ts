/** Development data: invented log lines and decisions. Never bundled. */
import type { DecisionView, EventPageView, FieldStatisticsView, HistogramView } from '@kydai/contracts';
import { devices, dice, hour, minute, second, start } from './data.ts';

type Row = EventPageView['events'][number];
const roll = dice(77);
const pick = <T>(from: readonly T[]): T => from[Math.floor(roll() * from.length)]!;
const users = ['root', 'admin', 'oracle', 'lan.tran', 'git', 'pi'];

function row(index: number): Row {
  const time = start - index * 11 * second - Math.floor(roll() * 9000);
  const base = {
    id: `0198c0de-${String(index).padStart(4, '0')}-7000-a000-0000000${String(10000 + index)}`,
    time: new Date(time).toISOString(),
    received: new Date(time + 20 + Math.floor(roll() * 400)).toISOString(),
  };
  const stamp = base.time.slice(0, 19);
  const kind = roll();
  if (kind < 0.4) {
    const ip = `203.0.113.${Math.floor(roll() * 40)}`;
    const user = pick(users);
    const message = `Failed password for ${user} from ${ip} port ${40000 + index} ssh2`;
    return {
      ...base,
      source: 'syslog-tcp/ioc-cong-api',
      dataset: 'sshd.auth',
      fields: {
        'host.name': 'ioc-cong-api',
        'process.name': 'sshd',
        'event.category': ['authentication'],
        'event.outcome': 'failure',
        'user.name': user,
        'source.ip': ip,
        'source.port': 40000 + index,
        message,
      },
      raw: `<38>1 ${stamp}Z ioc-cong-api sshd ${2000 + index} - - ${message}`,
    };
  }
  if (kind < 0.75) {
    const status = pick([200, 200, 200, 304, 404, 500]);
    const path = pick(['/ho-so/tra-cuu', '/api/ngap-lut', '/dang-nhap', '/api/camera/trang-thai']);
    const ip = `198.51.100.${Math.floor(roll() * 250)}`;
    return {
      ...base,
      source: 'bulk/filebeat',
      dataset: 'nginx.access',
      fields: {
        'host.name': 'web-01',
        'http.request.method': 'GET',
        'http.response.status_code': status,
        'url.path': path,
        'source.ip': ip,
        'event.outcome': status < 400 ? 'success' : 'failure',
        message: `GET ${path} ${status}`,
      },
      raw: `${ip} - - [${stamp}] "GET ${path} HTTP/1.1" ${status} ${Math.floor(roll() * 9000)} "-" "Mozilla/5.0"`,
    };
  }
  const device = pick(devices);
  const text = pick([
    'đã gửi khung hình',
    'nhịp tim',
    'đổi pha đèn theo lịch',
    'mực nước 1,42 m',
    'đăng nhập quản trị thành công',
  ]);
  return {
    ...base,
    source: 'syslog-tls/192.0.2.1',
    dataset: device.kind === 'camera' ? 'camera.log' : 'device.log',
    fields: { 'device.id': device.id, 'host.name': device.id, 'observer.zone': device.zone, message: text },
    raw: `<134>1 ${stamp}Z ${device.id} ${device.kind} - - - ${text}`,
  };
}

export const events: Row[] = Array.from({ length: 4000 }, (_, index) => row(index));

const hours = Array.from({ length: 96 }, (_, index) => {
  const time = Math.floor((start - (95 - index) * 15 * minute) / (15 * minute)) * 15 * minute;
  const clock = ((time / hour + 7) % 24) / 24;
  const wave = 0.35 + 0.65 * Math.max(0, Math.sin((clock - 0.22) * Math.PI * 1.3));
  return {
    time,
    events: Math.floor(21_000 * wave * (0.88 + roll() * 0.24)),
    detections: roll() > 0.86 ? Math.ceil(roll() * 12) : 0,
  };
});
hours[93]!.events = 34_800;
hours[93]!.detections = 14;
export const activity: readonly { time: number; events: number; detections: number }[] = hours;

/** A rough reading of the query language, enough to try the page: words must occur, `)` alone is an error. */
export function searchEvents(q: string, from: number, to: number): Row[] {
  const terms = q
    .toLowerCase()
    .split(/\s+and\s+/)
    .filter(Boolean);
  return events.filter((event) => {
    const at = Date.parse(event.time);
    if (at < from || at >= to) return false;
    const text =
      `${JSON.stringify(event.fields)} ${event.raw} ${event.dataset} ${event.source} ${event.id}`.toLowerCase();
    return terms.every((term) => {
      const not = term.startsWith('not ');
      const value = term
        .replace(/^not /, '')
        .replace(/^[\w.]+:/, '')
        .replace(/["*()]/g, '');
      return text.includes(value) !== not;
    });
  });
}

export function histogram(found: readonly Row[], from: number, to: number): HistogramView {
  const interval = Math.max(second, Math.ceil((to - from) / 80 / second) * second);
  const first = Math.floor(from / interval) * interval;
  const buckets = Array.from({ length: Math.ceil((to - first) / interval) }, (_, index) => ({
    time: first + index * interval,
    count: 0,
  }));
  for (const event of found) {
    const bucket = buckets[Math.floor((Date.parse(event.time) - first) / interval)];
    if (bucket) bucket.count += 1;
  }
  return { interval, buckets };
}

export function decision(at: number): DecisionView {
  const device = pick(devices);
  const allowed = !device.quarantined && roll() > 0.15;
  const forbidden = device.quarantined;
  return {
    at,
    principal: `Device::"${device.id}"`,
    action: pick(['publish', 'publish', 'subscribe']),
    resource: `Dataset::"${pick(['readings', 'video', 'commands'])}"`,
    allowed,
    outcome: allowed ? 'permitted' : forbidden ? 'forbidden' : 'not-permitted',
    determining: allowed
      ? [{ id: 'devices-publish-own-zone', effect: 'permit' }]
      : forbidden
        ? [{ id: 'quarantined-devices', effect: 'forbid', reason: 'Thiết bị đang bị cách ly' }]
        : [],
  };
}

export const decisions: DecisionView[] = [
  {
    at: start - 9 * second,
    principal: 'Device::cam-dong-ba-03',
    action: 'publish',
    resource: 'Dataset::video',
    allowed: false,
    outcome: 'forbidden',
    determining: [{ id: 'quarantined-devices', effect: 'forbid', reason: 'Thiết bị đang bị cách ly' }],
  },
  ...Array.from({ length: 80 }, (_, index) => decision(start - (index + 2) * 7 * second)),
];

export function fieldsOf(found: readonly Row[]) {
  const counts = new Map<string, number>();
  for (const { fields } of found.slice(0, 1000))
    for (const name of ['event.dataset', 'source', ...Object.keys(fields)])
      counts.set(name, (counts.get(name) ?? 0) + 1);
  const fields = Array.from(counts, ([name, count]) => ({ name, count })).sort((a, b) => b.count - a.count);
  return { sampled: Math.min(found.length, 1000), fields };
}

export function valuesOf(found: readonly Row[], field: string, prefix: string) {
  const counts = new Map<string, number>();
  for (const row of found) {
    const value =
      field === 'event.dataset' ? row.dataset : field === 'source' ? row.source : row.fields[field];
    for (const one of [value ?? []].flat()) counts.set(String(one), (counts.get(String(one)) ?? 0) + 1);
  }
  const all = Array.from(counts, ([value, count]) => ({ value, count })).filter(({ value }) =>
    value.startsWith(prefix),
  );
  const values = all.sort((a, b) => b.count - a.count).slice(0, 10);
  return { field, events: found.length, present: all.reduce((sum, { count }) => sum + count, 0), values };
}

export function statisticsOf(found: readonly Row[], field: string): FieldStatisticsView {
  const values = found.flatMap((row) => [row.fields[field] ?? []].flat());
  const sorted = values.filter((value) => typeof value === 'number').sort((a, b) => a - b);
  const common = { field, events: found.length, present: values.length, distinct: new Set(values).size };
  if (sorted.length === 0) return common;
  const rank = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  const numbers = {
    count: sorted.length,
    min: sorted[0]!,
    max: sorted.at(-1)!,
    mean: sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
    p50: rank(0.5),
    p95: rank(0.95),
    p99: rank(0.99),
  };
  return { ...common, numbers };
}
