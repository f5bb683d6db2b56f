import {
  type Clock,
  type Contain,
  type Containment,
  type ContainmentAction,
  type ContainmentProof,
  type Decide,
  formatEntityRef,
  type Phrase,
  type RecordStore,
  type Signals,
} from '@kydai/contracts';
import { ShellError } from '../error.ts';
import type { Sessions } from '../sign-in/sessions.ts';
import type { BlockList } from './block-list.ts';

/** What the containments act through. */
export interface ContainmentReach {
  readonly records: RecordStore;
  readonly signals: Signals;
  readonly clock: Clock;
  readonly decide: Decide;
  readonly sessions: Sessions;
  readonly blockList: BlockList;
  readonly devices: {
    quarantine(deviceId: string, reason: string, by: string): Promise<unknown>;
    release(deviceId: string, reason: string, by: string): Promise<unknown>;
    /** Resolves to the serials of all certificates that the device ever held. */
    revokeAll(deviceId: string, by: string): Promise<readonly string[]>;
    /** What the OCSP responder answers for a serial, asked as an outsider would. */
    ocspStatus(serial: string): Promise<'good' | 'revoked' | 'unknown'>;
  };
}

/** What was found, as a plain line for the logs and as a phrase for people. */
interface Found {
  readonly line: string;
  readonly phrase: Phrase;
}

type Act = (
  reach: ContainmentReach,
  containment: Containment,
) => Promise<{ readonly effective: boolean; readonly found: readonly Found[] }>;

const found = (line: string, code: string, values: Phrase['values']): Found => ({
  line,
  phrase: { code, values },
});

/**
 * Carries containments out. Every act can be repeated without a second effect, and ends by asking from outside whether
 * it took effect; the proof is that answer, not the request.
 */
export function createContain(reach: ContainmentReach): Contain {
  return async (containment) => {
    const outcome = await acts[containment.action](reach, containment);
    const proof: ContainmentProof = {
      containmentId: containment.id,
      at: reach.clock.now(),
      effective: outcome.effective,
      evidence: outcome.found.map(({ line }) => line),
      evidencePhrases: outcome.found.map(({ phrase }) => phrase),
    };
    await reach.records.commit(
      [],
      [
        {
          at: proof.at,
          actor: containment.requester,
          action: `containment.${containment.action}`,
          target: formatEntityRef(containment.target),
          detail: {
            containment: containment.id,
            effective: proof.effective,
            evidence: proof.evidence.join('; '),
            reason: containment.reason,
            drill: containment.drill,
          },
        },
      ],
    );
    reach.signals.publish({ type: 'containment', containment, proof });
    return proof;
  };
}

const acts: Readonly<Record<ContainmentAction, Act>> = {
  async 'quarantine-device'(reach, { target, reason, requester }) {
    await reach.devices.quarantine(deviceId(target), reason, requester);
    return publishDenied(reach, target.id);
  },

  async 'release-device'(reach, { target, reason, requester }) {
    await reach.devices.release(deviceId(target), reason, requester);
    const line = `register: \`${target.id}\` is no longer quarantined`;
    return { effective: true, found: [found(line, 'evidence.released', { device: target.id })] };
  },

  async 'revoke-certificate'(reach, { target, requester }) {
    const serials = await reach.devices.revokeAll(deviceId(target), requester);
    const statuses = await Promise.all(serials.map((serial) => reach.devices.ocspStatus(serial)));
    const revoked = statuses.filter((status) => status === 'revoked').length;
    const denied = publishDenied(reach, target.id);
    return {
      effective: revoked === serials.length && denied.effective,
      found: [
        found(`ocsp: ${revoked} of ${serials.length} certificates revoked`, 'evidence.ocsp', {
          revoked: String(revoked),
          all: String(serials.length),
        }),
        ...denied.found,
      ],
    };
  },

  async 'end-sessions'(reach, { target, requester }) {
    if (target.type !== 'user') throw wrongTarget('end-sessions', target.type, 'user');
    const ended = await reach.sessions.endAll(target.id, requester);
    const line = `sessions: ${ended} ended, none left`;
    return { effective: true, found: [found(line, 'evidence.sessions', { n: String(ended) })] };
  },

  async 'block-address'(reach, { target, reason, requester }) {
    if (target.type !== 'address') throw wrongTarget('block-address', target.type, 'address');
    await reach.blockList.block(target.id, reason, requester);
    const line = `block list: \`${target.id}\` is refused by our listeners and listed for the firewalls`;
    return {
      effective: reach.blockList.has(target.id),
      found: [found(line, 'evidence.blocked', { address: target.id })],
    };
  },

  async 'block-release'(reach, { target, reason, requester }) {
    if (target.type !== 'build') throw wrongTarget('block-release', target.type, 'build');
    await reach.blockList.blockBuild(target.id, reason, requester);
    const line = `release: build \`${target.id}\` is blocked in the release policies`;
    return {
      effective: reach.blockList.hasBuild(target.id),
      found: [found(line, 'evidence.release', { build: target.id })],
    };
  },
};

/** Asks the decision point, as an enforcement point would, whether the device may still publish. */
function publishDenied({ decide }: ContainmentReach, id: string): { effective: boolean; found: Found[] } {
  const decision = decide({
    principal: { type: 'Device', id },
    action: 'publish',
    resource: { type: 'Dataset', id: 'readings' },
  });
  const policy = decision.determining.map(({ id: policyId }) => policyId).join(', ');
  const line = `decision: publish ${decision.outcome}${policy === '' ? '' : ` by ${policy}`}`;
  return {
    effective: !decision.allowed,
    found: [found(line, `evidence.publish-${decision.outcome}`, { device: id, policy })],
  };
}

function deviceId(target: Containment['target']): string {
  if (target.type !== 'device') throw wrongTarget('this containment', target.type, 'device');
  return target.id;
}

function wrongTarget(action: string, type: string, wanted: string): ShellError {
  return new ShellError('invalid', `\`${action}\` acts on a ${wanted}, not on a ${type}`);
}
