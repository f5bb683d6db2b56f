import type {
  ApplicationView,
  AuthorityView,
  ForecastView,
  ImpactView,
  PkiHealthView,
} from '@kydai/contracts';
import { certificates, day, devices, hour, minute, start } from './data.ts';

/** The authority's side of the fixture API: forecast, authorities, their health, what waits, and blast radius. */

export function forecast(days: number): ForecastView {
  const zones = [...new Set(devices.map(({ zone }) => zone))].sort();
  return {
    at: start,
    days,
    zones: [...zones, ''].map((zone, place) => {
      const count = (at: number, many: number) =>
        Math.max(0, Math.round(many * (1 + Math.sin((at + place * 5) / 6)) + ((at * 7 + place * 3) % 5)));
      const size = (place % 4) + 1;
      return {
        zone,
        subjects: 420 * size + place * 13,
        renewals: Array.from({ length: days }, (_, at) => count(at, 6 * size)),
        expiries: Array.from({ length: days }, (_, at) => (at % 11 === place % 11 ? place + 1 : 0)),
        overdue: place % 3 === 0 ? place + 1 : 0,
        lapsed: place === 4 ? 3 : 0,
      };
    }),
    hours: Array.from({ length: 48 }, (_, at) => (at * 5) % 9),
  };
}

export const authorities: AuthorityView[] = [
  ['root-1', 'root', 'Root CA 1', 'EC-P384', true, 2],
  ['device-ca-1', 'device-ca', 'Device CA 1', 'EC-P256', false, 48_211],
  ['service-ca-1', 'service-ca', 'Service CA 1', 'EC-P256', false, 146],
].map(([id, role, name, keyType, offline, issued], place) => ({
  id: String(id),
  role: String(role),
  generation: 1,
  serial: `7b${place}4c1d09a5e34f0bb1290d7715fe0aa`,
  subject: `CN=${name}, O=Thành phố Huế`,
  fingerprint: `${place}9f2c6d7b81e54a30c2d7f88e1b4a5a6d0c3e2f1908b7a6d5c4e3f2a1b0c9d8`,
  keyType: String(keyType),
  notBefore: start - 400 * day,
  notAfter: start + (place === 1 ? 140 : 3200) * day,
  issuing: true,
  offline: offline === true,
  issued: Number(issued),
  revoked: place * 41,
  crl: { number: 712 + place, thisUpdate: start - hour, nextUpdate: start + 47 * hour },
}));

export const health: PkiHealthView = {
  at: start,
  token: null,
  authorities: authorities.map(({ id, keyType, notAfter, offline }) => ({
    id,
    issuing: true,
    key: offline ? 'offline' : 'file',
    keyType,
    notAfter,
    lists: {
      count: id === 'device-ca-1' ? 25 : 1,
      entries: 41,
      thisUpdate: start - 3 * hour,
      nextUpdate: start + 45 * hour,
      deltaSince: start - 9 * hour,
    },
    responder: offline
      ? null
      : { notAfter: start + 9 * day, key: 'file', answers: 4_102, oldestAnswer: start - 40 * minute },
  })),
  problems: [
    {
      code: 'shared-prime',
      level: 'critical',
      subject: '1f8a60c2d95b7e43a0f6c81d2e9b5a77, 84c0de19f37b52a6e80d1c94b6f2a3e5',
      at: start - 20 * minute,
    },
    { code: 'authority-ends-soon', level: 'warning', subject: 'device-ca-1', at: start + 140 * day },
  ],
};

export const applications: ApplicationView[] = [
  {
    id: '9d0f4c1e22ab7761f3dd0a51c8f3b6ee1047c29a5b3d8fe6a1c2077e94b0d3f5',
    device: 'cam-cau-ga-01',
    keyType: 'EC-P256',
    address: '192.0.2.77',
    applied: start - 12 * minute,
    expires: start + 6 * day,
    registered: false,
  },
];

export function impact(serial: string): ImpactView | undefined {
  const certificate = certificates.find((one) => one.serial === serial);
  if (certificate === undefined) return undefined;
  const device = devices.find(({ id }) => id === certificate.subject) ?? null;
  return {
    certificate,
    device,
    remaining: 0,
    below: { certificates: 0, subjects: 0 },
    use: { handshakes: 31, readings: 1_240, addresses: ['192.0.2.10'] },
    publishesNow: true,
    incidents: [],
    grants: {
      lost: ['publish', 'subscribe'].map((action) => ({
        principal: `Device::${certificate.subject}`,
        action,
        resource: 'Dataset::readings',
      })),
      complete: true,
    },
    sessions: 0,
    services: [],
    proxies: ['/cameras/{id}/stream'],
    sealed: 0,
    consequences: [],
  };
}
