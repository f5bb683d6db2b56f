import type { Detection } from '@kydai/contracts';
import { stolen, tampered } from './devices.ts';
import { hour, minute, ref, roll, second, start, uuid } from './start.ts';

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
