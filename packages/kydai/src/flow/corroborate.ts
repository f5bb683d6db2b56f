import type { Detection, Device, EventStore, RecordStore } from '@kydai/contracts';
import { detections, type Evidence } from '@kydai/csirt';
import { devices } from '@kydai/pki';
import { isLoopback } from '../config/load.ts';

/**
 * What a source's word is worth: `proven` where it showed who it is, by a certificate of ours, by a token, or by being
 * a part of ours; else where it can be reached, which tells senders apart but proves nothing.
 */
export type Standing =
  | { readonly kind: 'proven' }
  /** A device with a certificate: proven, but of itself alone. */
  | { readonly kind: 'device'; readonly id: string }
  /** An address that answered a handshake. */
  | { readonly kind: 'address'; readonly address: string }
  /** A datagram, a topic of a broker, or a sender that was not told apart: anybody can write there under any name. */
  | { readonly kind: 'anybody' };

/** Reads a ledger's name of a source, such as `syslog-udp/10.1.2.3`. */
export function standingOf(source: string): Standing {
  const slash = source.indexOf('/');
  const [transport, name] = [source.slice(0, slash), source.slice(slash + 1)];
  switch (transport) {
    case 'internal':
      return { kind: 'proven' };
    case 'syslog-tls':
      return { kind: 'device', id: name };
    case 'http':
    case 'bulk':
      if (/^(?:token|user):/.test(name)) return { kind: 'proven' };
      return addressed(name);
    case 'syslog-tcp':
      return addressed(name);
    default:
      return { kind: 'anybody' };
  }
}

function addressed(name: string): Standing {
  if (name === 'other') return { kind: 'anybody' };
  return { kind: 'address', address: isLoopback(name) ? 'this machine' : name };
}

const remembered = 10_000;
/** The first and the newest detections of an incident, of which each names at most 100 events. */
const mostDetections = 50;

/**
 * Whether a containment may rest on what was heard.
 *
 * One proven source is enough: ours, a token's, a certificate's. A device of the register is proven of itself, and a
 * gateway of the devices behind it; about others its word counts as one address's. Of those that prove nothing two
 * different addresses must say so. Datagrams can carry any address, so all of them together count as one sender, and as
 * none where an address speaks as well: it may have sent them.
 */
export function createCorroboration(parts: {
  readonly events: Pick<EventStore, 'get'>;
  readonly records: RecordStore;
}): (evidence: Evidence) => Promise<boolean> {
  const { events, records } = parts;
  const known = new Map<string, readonly string[]>();

  async function sourcesOf({ id, eventIds }: Detection): Promise<readonly string[]> {
    const before = known.get(id);
    if (before !== undefined) return before;
    const found = await Promise.all(eventIds.map((eventId) => events.get(eventId)));
    const sources = [...new Set(found.map((event) => event?.source ?? ''))];
    known.set(id, sources);
    if (known.size > remembered) known.delete(known.keys().next().value!);
    return sources;
  }

  const device = async (id: string): Promise<Device | undefined> => (await records.get(devices, id))?.value;

  return async ({ incident, detectionId, entities }) => {
    const accused = new Set(entities.filter(({ type }) => type === 'device').map(({ id }) => id));
    if (accused.size === 0) return true;
    const ids = new Set([
      detectionId,
      ...incident.detectionIds.slice(0, 1),
      ...incident.detectionIds.slice(1 - mostDetections),
    ]);
    const origins = new Set<string>();
    for (const id of ids) {
      const detection = (await records.get(detections, id))?.value;
      // Another detection counts where it accuses the same devices.
      const same = detection?.entities.some((each) => each.type === 'device' && accused.has(each.id));
      if (detection === undefined || !same) continue;
      for (const source of await sourcesOf(detection)) {
        const standing = standingOf(source);
        if (standing.kind === 'proven') return true;
        if (standing.kind === 'address') origins.add(standing.address);
        if (standing.kind !== 'device') continue;
        const speaker = await device(standing.id);
        if (speaker === undefined || speaker.kind === 'gateway' || accused.has(standing.id)) return true;
        origins.add(`device ${standing.id}`);
      }
    }
    return origins.size > 1;
  };
}
