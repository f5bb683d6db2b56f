import { type Certificate, type Device, type DeviceKind, write } from '@kydai/contracts';
import { PkiError } from '../error.ts';
import { findPath } from '../path/build.ts';
import { sameNameText } from '../path/validate.ts';
import { profileOf } from '../profile/profiles.ts';
import { devices } from '../register/kinds.ts';
import { manufacturedDevices } from '../register/manufactured.ts';
import { changeDevice, newDevice, registered } from '../register/register.ts';
import { retryOnConflict } from '../register/retry.ts';
import { type ParsedCertificate, readCertificate } from '../x509/certificate.ts';
import { attributesOf } from '../x509/name.ts';
import { Oid } from '../x509/oids.ts';
import { fromPem } from '../x509/pem.ts';
import { readRequest } from '../x509/request.ts';
import { checkRequest } from './check-request.ts';
import type { Desk } from './desk.ts';
import { decideFor } from './enrol.ts';
import { issueCertificate } from './issue.ts';
import type { Terms } from './terms.ts';

/** Whose device certificates are believed at a first enrolment. */
export interface Manufacturer {
  /** Lower-case words with hyphens. */
  readonly name: string;
  /** PEM of its root and, where there are any, its intermediate authorities. */
  readonly certificatesPem: string;
}

export interface TrustedManufacturer {
  readonly name: string;
  readonly anchors: readonly ParsedCertificate[];
  readonly pool: readonly ParsedCertificate[];
}

/** Reads the configured authorities; `bad-setting` when one has no root. */
export function trustManufacturers(list: readonly Manufacturer[]): TrustedManufacturer[] {
  return list.map(({ name, certificatesPem }) => {
    const all = fromPem('CERTIFICATE', certificatesPem).map((der) => readCertificate(der));
    const anchors = all.filter(({ subject, issuer }) => sameNameText(subject, issuer));
    if (anchors.length === 0 || !/^[a-z0-9-]{1,40}$/.test(name)) {
      throw new PkiError('bad-setting', `manufacturer \`${name}\` has no root certificate or no valid name`);
    }
    return { name, anchors, pool: all.filter((certificate) => !anchors.includes(certificate)) };
  });
}

export interface ExpectedDevice {
  readonly manufacturer: string;
  /** `serialNumber` in the subject of the manufacturer's certificate (IEEE 802.1AR section 8.6). */
  readonly hardwareSerial: string;
  readonly deviceId: string;
  readonly kind: DeviceKind;
  readonly zone: string;
  readonly by: string;
}

/** Says which device of a manufacturer is which device of the city, and registers it if it is new. */
export async function expectManufactured(desk: Desk, wanted: ExpectedDevice): Promise<Device> {
  const { manufacturer, hardwareSerial, by } = wanted;
  if (!/^[\x21-\x7e]{1,64}$/.test(hardwareSerial)) {
    throw new PkiError('bad-name', 'hardware serial number is not 1 to 64 printable characters');
  }
  const id = `${manufacturer}:${hardwareSerial}`;
  const { device, fresh } = await retryOnConflict(async () => {
    const now = desk.clock.now();
    const stored = await desk.records.get(devices, wanted.deviceId);
    const device = stored?.value ?? newDevice({ ...wanted, id: wanted.deviceId }, now);
    const record = { id, manufacturer, hardwareSerial, device: device.id, by, at: now };
    const fresh = stored === undefined;
    await desk.records.commit(
      [write.put(manufacturedDevices, record), ...(fresh ? [write.insert(devices, device)] : [])],
      [
        ...(fresh ? [registered(device, by)] : []),
        {
          at: now,
          actor: by,
          action: 'device.expect',
          target: `device:${device.id}`,
          detail: { manufacturer, hardwareSerial },
        },
      ],
    );
    return { device, fresh };
  });
  if (fresh) desk.signals?.publish({ type: 'device', device });
  return device;
}

/** A first certificate for a device that proves itself with its manufacturer's certificate. */
export async function enrolManufactured(
  desk: Desk,
  trusted: readonly TrustedManufacturer[],
  wanted: {
    readonly csr: () => Uint8Array;
    readonly certificate: Uint8Array;
    readonly address: string;
    readonly terms?: Terms | undefined;
  },
): Promise<Certificate> {
  const { id, requester } = await identify(desk, trusted, wanted.certificate);
  const profile = profileOf('device');
  const checked = await checkRequest(readRequest(wanted.csr()), profile, wanted.terms);
  return issueCertificate(desk, {
    request: checked.request,
    profile,
    subject: id,
    names: checked.names,
    requester,
    actor: requester,
    company: async (_answers, choose) => {
      const { device, profile } = await decideFor(desk, 'enrol', 'idevid', id, checked, wanted.terms);
      choose(profile);
      return (certificate) => {
        const seen = changeDevice(device.value, { lastSeen: certificate.issued, address: wanted.address });
        return {
          writes: [write.change(devices, seen, device)],
          audit: [],
          after: () => desk.signals?.publish({ type: 'device', device: seen }),
        };
      };
    },
  });
}

async function identify(
  desk: Desk,
  trusted: readonly TrustedManufacturer[],
  der: Uint8Array,
): Promise<{ id: string; requester: string }> {
  const certificate = readCertificate(der);
  const at = desk.clock.now();
  const hardware = attributesOf(certificate.subject).find(({ oid }) => oid === Oid.serialNumber)?.text;
  let fault = 'no manufacturer is trusted';
  let trustedBy = 0;
  // Several may stand below one root: whichever of them this device is expected from.
  for (const { name, anchors, pool } of trusted) {
    const verdict = findPath(certificate, pool, { anchors, at });
    if (verdict.path === undefined) {
      fault = verdict.fault;
      continue;
    }
    trustedBy++;
    const known = hardware && (await desk.records.get(manufacturedDevices, `${name}:${hardware}`));
    if (known) return { id: known.value.device, requester: `manufacturer:${known.value.id}` };
  }
  if (trustedBy > 0) {
    throw new PkiError(
      'unknown-device',
      `no device is expected with this manufacturer's certificate; register it`,
    );
  }
  throw new PkiError(
    'certificate-refused',
    `client certificate is not from a trusted manufacturer: ${fault}`,
  );
}
