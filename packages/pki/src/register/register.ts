import {
  type AuditEntry,
  type Clock,
  Device,
  type DeviceKind,
  RecordConflict,
  type RecordPage,
  type RecordQuery,
  type RecordStore,
  type Signals,
  type StoredRecord,
  write,
} from '@kydai/contracts';
import { PkiError } from '../error.ts';
import { isDnsName } from '../x509/dns-name.ts';
import { devices } from './kinds.ts';
import { retryOnConflict } from './retry.ts';

export interface NewDevice {
  readonly id: string;
  readonly kind: DeviceKind;
  readonly zone: string;
  /** By kind, where it is not told: controllers and sirens are operational technology. */
  readonly operationalTechnology?: boolean;
  readonly drill?: boolean;
}

/** What may change about a device. Absent means unchanged. */
export interface DeviceChange {
  readonly quarantined?: boolean;
  readonly quarantineReason?: string;
  readonly risk?: number;
  readonly zone?: string;
  readonly operationalTechnology?: boolean;
  readonly lastSeen?: number;
  /** Put in front of the known addresses; the eight newest are kept. */
  readonly address?: string;
}

/** The asset register: which devices the city has, and what is known of each. */
export interface DeviceRegister {
  /** `device-exists` when the id is taken. */
  register(device: NewDevice, by: string): Promise<Device>;
  /** Changes a device, again and again until no one else changed it in between. `unknown-device` when there is none. */
  update(id: string, change: DeviceChange, by: string): Promise<Device>;
  get(id: string): Promise<Device | undefined>;
  list(query?: RecordQuery): Promise<RecordPage<Device>>;
}

const technology: ReadonlySet<DeviceKind> = new Set(['traffic-controller', 'siren', 'water-controller']);

/** A device as it enters the register. The id must be a host name: it becomes the certificate's. */
export function newDevice(device: NewDevice, now: number): Device {
  const parsed = Device.safeParse({
    id: device.id,
    kind: device.kind,
    zone: device.zone,
    operationalTechnology: device.operationalTechnology ?? technology.has(device.kind),
    quarantined: false,
    risk: 0,
    addresses: [],
    enrolled: now,
    drill: device.drill ?? false,
  });
  if (!parsed.success || !isDnsName(device.id)) {
    const place = parsed.success ? 'id' : parsed.error.issues[0]?.path.join('.');
    const shown = String(device.id).slice(0, 80).replace(/\p{C}/gu, '?');
    throw new PkiError('bad-name', `device \`${shown}\` cannot be registered: \`${place}\` is not valid`);
  }
  return parsed.data;
}

/** The device after the change. */
export function changeDevice(device: Device, change: DeviceChange): Device {
  const { address, ...rest } = change;
  const next: Record<string, unknown> = { ...device, ...rest };
  if (address !== undefined) {
    next['addresses'] = [address, ...device.addresses.filter((known) => known !== address)].slice(0, 8);
  }
  if (change.quarantined === false) delete next['quarantineReason'];
  return Device.parse(next);
}

export function createDeviceRegister(options: {
  readonly records: RecordStore;
  readonly clock: Clock;
  readonly signals?: Signals | undefined;
}): DeviceRegister {
  const { records, clock, signals } = options;
  const publish = (device: Device): Device => {
    signals?.publish({ type: 'device', device });
    return device;
  };
  return {
    async register(wanted, by) {
      const device = newDevice(wanted, clock.now());
      try {
        await records.commit([write.insert(devices, device)], [registered(device, by)]);
      } catch (error) {
        if (!(error instanceof RecordConflict)) throw error;
        throw new PkiError('device-exists', `device \`${device.id}\` is registered already`, {
          cause: error,
        });
      }
      return publish(device);
    },
    async update(id, change, by) {
      const device = await retryOnConflict(async () => {
        const stored = await records.get(devices, id);
        if (stored === undefined) throw unknownDevice(id);
        const next = changeDevice(stored.value, change);
        const audit = auditOf(stored, next, by, clock.now());
        await records.commit([write.change(devices, next, stored)], audit);
        return next;
      });
      return publish(device);
    },
    get: async (id) => (await records.get(devices, id))?.value,
    list: (query) => records.find(devices, query),
  };
}

export function unknownDevice(id: string): PkiError {
  return new PkiError(
    'unknown-device',
    `device \`${id.slice(0, 80)}\` is not registered; make a token for it first`,
  );
}

/** The audit entry of a device that enters the register. */
export function registered(device: Device, by: string): AuditEntry {
  const detail = {
    kind: device.kind,
    zone: device.zone,
    operationalTechnology: device.operationalTechnology,
  };
  return { at: device.enrolled, actor: by, action: 'device.register', target: `device:${device.id}`, detail };
}

/** Being seen is no news for the audit log; quarantine, risk, zone and technology are. */
function auditOf(stored: StoredRecord<Device>, next: Device, by: string, at: number): AuditEntry[] {
  const before = stored.value;
  const detail: Record<string, string | number | boolean> = {};
  if (next.quarantined !== before.quarantined) detail['quarantined'] = next.quarantined;
  if (next.risk !== before.risk) detail['risk'] = next.risk;
  if (next.zone !== before.zone) detail['zone'] = next.zone;
  if (next.operationalTechnology !== before.operationalTechnology) {
    detail['operationalTechnology'] = next.operationalTechnology;
  }
  if (Object.keys(detail).length === 0) return [];
  if (next.quarantineReason !== undefined && 'quarantined' in detail)
    detail['reason'] = next.quarantineReason;
  return [{ at, actor: by, action: 'device.change', target: `device:${next.id}`, detail }];
}
