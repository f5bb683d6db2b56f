import type { Device } from '@kydai/contracts';
import type { Change } from './change.ts';

/** What of a change in the register can flip decisions. A device that is new has flipped none, unless it came quarantined. */
export function changesOf(before: Device | undefined, after: Device): readonly Change[] {
  const device = after.id;
  const changes: Change[] = [];
  if (after.quarantined && before?.quarantined !== true) {
    const reason = after.quarantineReason;
    changes.push({ type: 'device-quarantined', device, ...(reason === undefined ? {} : { reason }) });
  }
  if (before === undefined) return changes;
  if (!after.quarantined && before.quarantined) changes.push({ type: 'device-released', device });
  if (after.risk !== before.risk)
    changes.push({ type: 'risk-changed', device, from: before.risk, to: after.risk });
  if (after.zone !== before.zone) changes.push({ type: 'device-moved', device, zone: after.zone });
  return changes;
}
