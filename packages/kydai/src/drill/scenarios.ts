import type { DeviceKind } from '@kydai/contracts';

/** What a scenario may use of the device that was enrolled for it. */
export interface DrillDevice {
  readonly id: string;
  /** SHA-256 of its certificate, hex. */
  readonly fingerprint: string;
  /** Serial number of its certificate, hex. */
  readonly serial: string;
}

/** One syslog message that an attack leaves behind. */
export interface DrillLine {
  readonly host: string;
  readonly program: string;
  readonly message: string;
}

export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly kind: DeviceKind;
  /** The category of the incident that must come of it. */
  readonly category: string;
  /** What happens, in order; the last line decides. */
  lines(device: DrillDevice): readonly DrillLine[];
}

/** Addresses for documentation (RFC 5737), so that no drill points at anyone. */
const home = '192.0.2.17';
const thief = '198.51.100.99';
const peer = (last: number) => `203.0.113.${last}`;

/** A copied key: the same certificate shakes hands at its own site and, moments later, at another. */
const stolenCertificate: Scenario = {
  name: 'stolen-certificate',
  title: 'A camera’s certificate is used from two sites at once',
  kind: 'camera',
  category: 'stolen-certificate',
  lines: ({ id, fingerprint, serial }) => {
    const handshake = (address: string, site: string) =>
      `device=${id} src=${address} cert_sha256=${fingerprint} serial=${serial} site=${site} action=handshake outcome=success`;
    return [
      { host: 'edge-north', program: 'tls', message: handshake(home, 'north') },
      { host: 'edge-north', program: 'tls', message: handshake(home, 'north') },
      { host: 'edge-south', program: 'tls', message: handshake(thief, 'south') },
    ];
  },
};

/** A Mirai-like infection: default credentials, a new outside peer, then telnet to many neighbours. */
const cameraBotnet: Scenario = {
  name: 'camera-botnet',
  title: 'A camera is taken over and scans its neighbours for telnet',
  kind: 'camera',
  category: 'camera-botnet',
  lines: ({ id }) => [
    ...Array.from({ length: 4 }, () => ({
      host: id,
      program: 'camera',
      message: `action=login_failed user=root src=${thief} sport=40122`,
    })),
    {
      host: id,
      program: 'camera',
      message: `action=login user=admin src=${thief} sport=40131 outcome=success`,
    },
    ...Array.from({ length: 40 }, (_, index) => ({
      host: 'gw-district-1',
      program: 'flow',
      message: `device=${id} src=${home} dst=${peer(index + 1)} dport=23 proto=tcp bytes=60 packets=1`,
    })),
  ],
};

export const scenarios: readonly Scenario[] = [stolenCertificate, cameraBotnet];

/** A line as RFC 5424 syslog, marked as the drill's. Facility local0, severity notice. */
export function syslogLine(line: DrillLine, drillId: string, at: number): string {
  const time = new Date(at).toISOString();
  return `<133>1 ${time} ${line.host} ${line.program} - - [kydai@32473 drill="${drillId}"] ${line.message}`;
}
