import type { CedarValue, Clock, PolicyEntity, RecordStore } from '@kydai/contracts';
import { certificates } from '@kydai/pki';
import type { Change } from './change.ts';
import type { ChangeLog } from './changes.ts';
import { deviceSubject, type Facts } from './told.ts';

/** What the policies know now. */
export interface Present {
  /** Every entity of a type. */
  readonly entities: { all(type: string): Iterable<PolicyEntity> };
  readonly blocked: readonly {
    readonly kind: 'build' | 'address';
    readonly id: string;
    readonly by: string;
  }[];
  isBlocked(kind: 'build' | 'address', id: string): boolean;
  readonly policySet: string;
}

/**
 * Tells what changed and was not told of: because the program was killed between the change and the telling, or because
 * it changed while nothing ran (a certificate or a fact that ran out, other policies). A device of which nothing was
 * told yet counts as released, without risk, and where it is.
 */
export async function catchUp(parts: {
  readonly changes: ChangeLog;
  readonly records: RecordStore;
  readonly clock: Clock;
  readonly present: Present;
}): Promise<number> {
  const { changes, records, clock, present } = parts;
  const { told } = changes;
  const missed: Change[] = [];
  for (const entity of present.entities.all('Device'))
    missed.push(...missedOf(entity, told.get(deviceSubject(entity.uid.id)), clock.now()));
  missed.push(...(await revocations(changes, records)));

  const isTold = (kind: string, id: string) => told.get(`blocked/${kind}:${id}`)?.['blocked'] === true;
  for (const { kind, id, by } of present.blocked)
    if (present.isBlocked(kind, id) && !isTold(kind, id)) missed.push({ type: 'blocked', kind, id, by });
  for (const subject of told.keys()) {
    const [, kind, id = ''] = /^blocked\/(build|address):(.*)$/s.exec(subject) ?? [];
    if (kind !== 'build' && kind !== 'address') continue;
    if (isTold(kind, id) && !present.isBlocked(kind, id))
      missed.push({ type: 'unblocked', kind, id, by: 'system' });
  }

  if (told.get('policies')?.['policySet'] !== present.policySet)
    missed.push({ type: 'policy-set-changed', policySet: present.policySet, by: 'system' });
  for (const change of missed) changes.publish(change);
  return missed.length;
}

function missedOf(
  { uid, attrs, parents, tags }: PolicyEntity,
  told: Facts | undefined,
  now: number,
): Change[] {
  const device = uid.id;
  const missed: Change[] = [];
  const was = (name: string) => told?.[name];
  if (attrs['quarantined'] === true && was('quarantined') !== true)
    missed.push({ type: 'device-quarantined', device });
  if (attrs['quarantined'] === false && was('quarantined') === true)
    missed.push({ type: 'device-released', device });
  if (attrs['certified'] === false && was('certified') === true)
    missed.push({ type: 'device-uncertified', device });
  if (attrs['certified'] === true && was('certified') !== true)
    missed.push({ type: 'device-certified', device });
  const [risk, riskBefore] = [Number(attrs['risk'] ?? 0), Number(was('risk') ?? 0)];
  if (risk !== riskBefore) missed.push({ type: 'risk-changed', device, from: riskBefore, to: risk });
  const zone = parents.find(({ type }) => type === 'Zone')?.id;
  const zoneBefore = was('zone');
  if (zone !== undefined && zoneBefore !== undefined && zone !== zoneBefore)
    missed.push({ type: 'device-moved', device, zone });
  for (const [fact, value] of Object.entries(tags ?? {})) {
    const { until, source } = value as Readonly<Record<string, CedarValue>>;
    if (until === undefined) continue;
    const stale = Number(until) < now;
    if (stale === (was(`stale ${fact}`) === true)) continue;
    missed.push({ type: stale ? 'fact-stale' : 'fact-renewed', device, fact, source: String(source) });
  }
  return missed;
}

/** Clocks may step a little, and commits that overlap may end in another order than they began. */
const overlap = 60_000;

/** Certificates revoked since the last revocation that was told, and not among those told. */
async function revocations({ told, recent }: ChangeLog, records: RecordStore): Promise<Change[]> {
  const since = told.get('revocations')?.['at'] ?? told.get('policies')?.['at'];
  if (typeof since !== 'number') return [];
  const known = new Set<string>();
  for (const { change } of recent()) if (change.type === 'certificate-revoked') known.add(change.serial);
  const where = { profile: 'device', revokedAt: { gte: since - overlap } };
  const missed: Change[] = [];
  for (let offset = 0; ; offset += 10_000) {
    const page = await records.find(certificates, { where, order: 'revokedAt', limit: 10_000, offset });
    for (const { value } of page.records) {
      const { subject: device, serial, issuer, revoked } = value;
      if (revoked && !known.has(serial))
        missed.push({ type: 'certificate-revoked', device, serial, issuer, reason: revoked.reason });
    }
    if (page.records.length < 10_000) return missed;
  }
}
