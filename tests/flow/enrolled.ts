import { enrol } from '@kydai/device';
import type { Running } from '@kydai/kydai';
import { temporaryFolder } from '../program.ts';

/** Enrols a camera over EST as a device does; resolves to its certificate, PEM. */
export async function enrolled(running: Running, deviceId: string): Promise<string> {
  const { authority } = running.kydai;
  const { token } = await authority.enrolmentToken({
    deviceId,
    kind: 'camera',
    zone: 'district-1',
    minutes: 5,
    by: 'user:test',
  });
  const identity = await enrol({
    estUrl: running.addresses.devices,
    deviceId,
    token,
    ca: authority.root.pem,
    folder: temporaryFolder(),
  });
  return identity.certificate.toString();
}
