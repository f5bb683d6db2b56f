import { type Certificate, type DeviceKind, write } from '@kydai/contracts';
import { PkiError } from '../error.ts';
import { profileOf } from '../profile/profiles.ts';
import { type Application, applications } from '../register/application.ts';
import { devices } from '../register/kinds.ts';
import { changeDevice, newDevice, registered } from '../register/register.ts';
import { retryOnConflict } from '../register/retry.ts';
import { readRequest } from '../x509/request.ts';
import { type CheckedRequest, checkRequest } from './check-request.ts';
import type { Desk } from './desk.ts';
import { decideFor, noCompany } from './enrol.ts';
import { isCurrent, issueCertificate } from './issue.ts';
import type { Terms } from './terms.ts';

const hour = 3_600_000;
/** Applications that wait at a time: strangers must not be able to fill the register, nor one address to keep out all others. */
const mostWaiting = 200;
const mostOfAddress = 50;

export interface Apply {
  /** PKCS#10, DER. */
  readonly csr: () => Uint8Array;
  readonly address: string;
  readonly terms?: Terms | undefined;
}

export interface ApplicationVerdict {
  readonly approved: boolean;
  /** Audit actor: `user:<id>`. */
  readonly by: string;
  readonly comment?: string;
  /** For a device that is not registered yet. */
  readonly kind?: DeviceKind;
  readonly zone?: string;
}

/**
 * Takes a request without proof and keeps it for a person; sent again after the approval it gets its certificate.
 * Throws `approval-pending` while no one has decided, `denied` when the answer was no, `busy` when too many wait.
 */
export async function apply(desk: Desk, wanted: Apply): Promise<Certificate> {
  const profile = profileOf('device');
  const checked = await checkRequest(readRequest(wanted.csr()), profile, wanted.terms);
  const { request, commonName } = checked;
  const stored = await desk.records.get(applications, request.digest);
  const now = desk.clock.now();
  if (stored === undefined || now >= stored.value.expires) {
    await file(desk, wanted, checked, stored?.version);
    throw pending(request.digest);
  }
  const { decided } = stored.value;
  if (decided === undefined) throw pending(request.digest);
  if (!decided.approved)
    throw new PkiError('denied', 'an operator refused this request; ask at the operations centre');
  const requester = decided.by;
  return issueCertificate(desk, {
    request,
    profile,
    subject: commonName,
    names: checked.names,
    requester,
    actor: `device:${commonName}`,
    detail: { approvedBy: decided.by },
    company: async (answers, choose) => {
      const application = (await desk.records.get(applications, request.digest))!;
      const { serial } = application.value;
      if (serial !== undefined) {
        const given = answers.find((each) => each.serial === serial);
        if (given !== undefined && isCurrent(given, desk.clock.now())) {
          choose(profileOf(given.profile));
          return noCompany;
        }
        throw new PkiError(
          'token-used',
          'this request was approved once and collected; apply with a new one',
        );
      }
      const { device, profile } = await decideFor(
        desk,
        'enrol',
        'approval',
        commonName,
        checked,
        wanted.terms,
      );
      choose(profile);
      return (certificate) => {
        const seen = changeDevice(device.value, { lastSeen: certificate.issued, address: wanted.address });
        return {
          writes: [
            write.update(
              applications,
              { ...application.value, serial: certificate.serial },
              application.version,
            ),
            write.change(devices, seen, device),
          ],
          audit: [],
          after: () => desk.signals?.publish({ type: 'device', device: seen }),
        };
      };
    },
  });
}

async function file(
  desk: Desk,
  { address }: Apply,
  { request, commonName }: CheckedRequest,
  version: number | undefined,
): Promise<void> {
  const now = desk.clock.now();
  const where = { waiting: true, expires: { gt: now } };
  const waiting = (await desk.records.find(applications, { where, limit: mostWaiting })).records;
  const ofAddress = waiting.filter(({ value }) => value.address === address);
  if (waiting.length >= mostWaiting || ofAddress.length >= mostOfAddress)
    throw new PkiError('busy', 'too many requests wait for an operator; try again later');
  newDevice({ id: commonName, kind: 'other', zone: 'unknown' }, now);
  const application: Application = {
    id: request.digest,
    device: commonName,
    keyType: request.publicKey.keyType,
    address,
    csr: Buffer.from(request.der).toString('base64'),
    applied: now,
    expires: now + 24 * hour,
  };
  await desk.records.commit(
    [
      version === undefined
        ? write.insert(applications, application)
        : write.update(applications, application, version),
    ],
    [
      {
        at: now,
        actor: `address:${address}`,
        action: 'enrol.apply',
        target: `device:${commonName}`,
        detail: { application: request.digest.slice(0, 12), keyType: application.keyType },
      },
    ],
  );
}

/** A person's answer, by the digest of the request or at least 12 hex digits of it. Registers the device if it is new. */
export async function decideApplication(
  desk: Desk,
  id: string,
  verdict: ApplicationVerdict,
): Promise<Application> {
  return retryOnConflict(async () => {
    const stored = await findApplication(desk, id);
    const now = desk.clock.now();
    if (stored.value.decided !== undefined) return stored.value;
    const { approved, by, comment = '' } = verdict;
    const decided = { ...stored.value, decided: { at: now, by, approved, comment } };
    const known = await desk.records.get(devices, stored.value.device);
    const { kind, zone } = verdict;
    if (approved && known === undefined && (kind === undefined || zone === undefined)) {
      throw new PkiError('unknown-device', `device \`${stored.value.device}\` is new; say its kind and zone`);
    }
    const device = newDevice(
      { id: stored.value.device, kind: kind ?? 'other', zone: zone ?? 'unknown' },
      now,
    );
    const fresh = approved && known === undefined;
    await desk.records.commit(
      [
        write.update(applications, decided, stored.version),
        ...(fresh ? [write.insert(devices, device)] : []),
      ],
      [
        ...(fresh ? [registered(device, by)] : []),
        {
          at: now,
          actor: by,
          action: approved ? 'application.approve' : 'application.refuse',
          target: `device:${stored.value.device}`,
          detail: { application: stored.value.id.slice(0, 12), comment },
        },
      ],
    );
    if (fresh) desk.signals?.publish({ type: 'device', device });
    return decided;
  });
}

async function findApplication(desk: Desk, id: string): Promise<{ value: Application; version: number }> {
  const where = { expires: { gt: desk.clock.now() } };
  const { records } = await desk.records.find(applications, { where, order: 'applied', limit: 10_000 });
  const found = /^[0-9a-f]{12,64}$/.test(id) ? records.filter(({ value }) => value.id.startsWith(id)) : [];
  if (found.length === 1) return found[0]!;
  throw new PkiError('unknown-certificate', 'there is no such request waiting, or it has expired');
}

function pending(digest: string): PkiError {
  return new PkiError(
    'approval-pending',
    `request ${digest.slice(0, 12)} waits for an operator; send it again later`,
  );
}
