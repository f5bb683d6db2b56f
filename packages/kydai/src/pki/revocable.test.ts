import type { Certificate } from '@kydai/contracts';
import { describe, expect, it } from 'vitest';
import { refuseToRevokeOurOwn } from './revocable.ts';

const revoke = (profile: string, requester = 'user:lan') =>
  refuseToRevokeOurOwn({ serial: '0a', profile, requester } as Certificate);

describe('a revocation by one call', () => {
  it.each(['device', 'quarantine', 'service', 'staff'])('takes a certificate of others: %s', (profile) => {
    expect(() => revoke(profile)).not.toThrow();
  });

  it.each(['root', 'issuing-ca', 'cross-root', 'made-up'])('refuses %s and names the ceremony', (profile) => {
    expect(() => revoke(profile)).toThrow(/kydai pki ceremony/);
  });

  it.each(['ocsp-responder-device-ca', 'service'])('refuses our own %s', (profile) => {
    expect(() => revoke(profile, 'system')).toThrow(/this program's own/);
  });
});
