import type { Detection, Incident } from '@kydai/contracts';
import { detections } from './detections.ts';
import { day, hour, minute, second, start, uuid } from './start.ts';

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
