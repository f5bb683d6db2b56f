import type { AccessRequest, Containment, Decision, EntityRef } from '@kydai/contracts';
import { describe, expect, it } from 'vitest';
import { type ContainmentReach, createContain } from './contain.ts';

/** A city of one camera, small enough to see through. */
function city(options: { readonly revocationTakes?: boolean } = {}) {
  const state = { quarantined: false, revoked: false, audited: [] as string[], blocked: new Set<string>() };
  const decision = (allowed: boolean): Decision => ({
    allowed,
    outcome: allowed ? 'permitted' : 'forbidden',
    determining: allowed ? [] : [{ id: 'quarantined-device', effect: 'forbid' }],
    failures: [],
    policySet: '0',
  });
  const reach = {
    clock: { now: () => 1000 },
    signals: { publish: () => {}, subscribe: () => () => {} },
    records: {
      commit: async (_writes: unknown, audit: readonly { action: string }[] = []) => {
        state.audited.push(...audit.map(({ action }) => action));
      },
    },
    decide: (_request: AccessRequest) => decision(!state.quarantined && !state.revoked),
    sessions: { endAll: async () => 2 },
    blockList: {
      block: async (address: string) => void state.blocked.add(address),
      has: (address: string) => state.blocked.has(address),
    },
    devices: {
      quarantine: async () => {
        state.quarantined = true;
      },
      release: async () => {
        state.quarantined = false;
      },
      revokeAll: async () => {
        state.revoked = options.revocationTakes !== false;
        return ['0a'];
      },
      ocspStatus: async () => (state.revoked ? 'revoked' : 'good'),
    },
  } as unknown as ContainmentReach;
  const contain = createContain(reach);
  const ask = (action: Containment['action'], target: EntityRef) =>
    contain({ id: 'c', action, target, reason: 'test', requester: 'user:test', drill: false });
  return { state, ask };
}

const camera: EntityRef = { type: 'device', id: 'cam-1' };

describe('a containment', () => {
  it('proves a quarantine by the denial that an enforcement point would get', async () => {
    const { ask } = city();
    expect(await ask('quarantine-device', camera)).toEqual({
      containmentId: 'c',
      at: 1000,
      effective: true,
      evidence: ['decision: publish forbidden by quarantined-device'],
      evidencePhrases: [
        { code: 'evidence.publish-forbidden', values: { device: 'cam-1', policy: 'quarantined-device' } },
      ],
    });
  });

  it('proves a revocation by what OCSP answers', async () => {
    const { ask, state } = city();
    const proof = await ask('revoke-certificate', camera);
    expect(proof.effective).toBe(true);
    expect(proof.evidence[0]).toBe('ocsp: 1 of 1 certificates revoked');
    expect(proof.evidencePhrases?.[0]).toEqual({ code: 'evidence.ocsp', values: { revoked: '1', all: '1' } });
    expect(state.audited).toEqual(['containment.revoke-certificate']);
  });

  it('says so when the act did not take effect', async () => {
    const proof = await city({ revocationTakes: false }).ask('revoke-certificate', camera);
    expect(proof.effective).toBe(false);
    expect(proof.evidence[0]).toBe('ocsp: 0 of 1 certificates revoked');
  });

  it.each([
    ['quarantine-device', { type: 'user', id: 'x' }],
    ['end-sessions', camera],
    ['block-address', camera],
    ['block-release', camera],
  ] as const)('%s refuses a target that it cannot act on', async (action, target) => {
    await expect(city().ask(action, target)).rejects.toMatchObject({ code: 'invalid' });
  });
});
