import type { Certificate, Device } from '@kydai/contracts';
import { day, hex, hour, minute, roll, second, start, uuid } from './start.ts';

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
export const stolen = devices.find((one) => one.id === 'cam-dong-ba-03')!;
Object.assign(stolen, {
  quarantined: true,
  quarantineReason: 'INC-2026-0042: cùng một khóa bí mật xuất hiện từ hai địa chỉ',
  risk: 96,
});
export const tampered = devices.find((one) => one.id.startsWith('tl-phu-xuan'))!;
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
