import { createHash, X509Certificate } from 'node:crypto';
import { MemoryRecords } from '@kydai/contracts/testing';
import { describe, expect, it } from 'vitest';
import {
  cameraToken,
  ecKey,
  ed25519Key,
  fastCost,
  makeCsr,
  openCity,
  passphrase,
  rsaKey,
  temporaryFolder,
} from '../fixtures/city.ts';
import { openKeyStore } from '../keys/key-store.ts';
import { certificates, devices, enrolmentTokens } from '../register/kinds.ts';
import { extension } from '../x509/extension.ts';
import { encodeName } from '../x509/name.ts';
import { Oid } from '../x509/oids.ts';
import { openAuthority } from './authority.ts';

const day = 86_400_000;
const der = (certificate: { der: string }): Buffer => Buffer.from(certificate.der, 'base64');

describe('opening', () => {
  it('makes a root and two issuing authorities once, and finds them again', async () => {
    const city = await openCity();
    const root = new X509Certificate(city.authority.root.pem);
    const device = new X509Certificate(city.authority.certificateOf('device-ca'));
    expect(root.verify(root.publicKey)).toBe(true);
    expect(device.verify(root.publicKey)).toBe(true);
    expect(device.checkIssued(root)).toBe(true);
    expect(root.publicKey.asymmetricKeyDetails?.namedCurve).toBe('secp384r1');
    expect(city.authority.issuers()).toEqual(['root-1', 'device-ca-1', 'service-ca-1']);
    const again = await city.reopen();
    expect(again.root).toEqual(city.authority.root);
    expect(again.chainPem('service-ca')).toBe(city.authority.chainPem('service-ca-1'));
    expect(city.records.audit.filter(({ action }) => action === 'authority.create')).toHaveLength(3);
  });

  it('leaves no certificate behind when the first commit fails, and takes the same keys up again', async () => {
    const folder = await temporaryFolder();
    const keys = await openKeyStore({ folder, passphrase, cost: fastCost });
    const records = new MemoryRecords();
    records.failNext = 1;
    const options = {
      records,
      keys,
      clock: { now: () => Date.UTC(2026, 10, 21) },
      decide: () =>
        ({ allowed: true, outcome: 'permitted', determining: [], failures: [], policySet: '' }) as const,
      publicUrl: 'http://127.0.0.1:8080/',
      organization: 'Huế',
    };
    await expect(openAuthority(options)).rejects.toThrow('disk full');
    expect(await records.count(certificates)).toBe(0);
    const made = (await keys.open('root-1'))?.publicKey.spki;
    const authority = await openAuthority(options);
    const root = new X509Certificate(authority.root.pem);
    expect(root.publicKey.export({ format: 'der', type: 'spki' })).toEqual(Buffer.from(made!));
  });

  it('refuses to open when a key is gone', async () => {
    const city = await openCity();
    await city.keys.remove('device-ca-1');
    await expect(city.reopen()).rejects.toMatchObject({ code: 'key-missing' });
  });

  it.each(['', 'ftp://x', 'http://x/?q=1', 'nonsense'])('refuses the public URL `%s`', async (publicUrl) => {
    await expect(openCity({ publicUrl })).rejects.toMatchObject({ code: 'bad-setting' });
  });
});

describe('enrolment with a token', () => {
  it.each([
    ['EC P-256', () => ecKey(), 'EC-P256'],
    ['EC P-384', () => ecKey('P-384'), 'EC-P384'],
    ['Ed25519', () => ed25519Key(), 'Ed25519'],
    ['RSA 2048', () => rsaKey(2048), 'RSA-2048'],
  ])('gives a certificate for a key of %s', async (_name, key, keyType) => {
    const city = await openCity();
    const token = await cameraToken(city);
    const csr = makeCsr('cam-001', key());
    const issued = await city.authority.enrol({
      csr: () => csr,
      token,
      user: 'cam-001',
      address: '10.0.0.7',
    });
    expect(issued).toMatchObject({ subject: 'cam-001', names: ['cam-001'], keyType, issuer: 'device-ca-1' });
    expect(issued.serial.length).toBeGreaterThanOrEqual(28);
    const certificate = new X509Certificate(der(issued));
    expect(certificate.verify(new X509Certificate(city.authority.certificateOf('device-ca')).publicKey)).toBe(
      true,
    );
    expect(createHash('sha256').update(der(issued)).digest('hex')).toBe(issued.fingerprint);
    const device = await city.authority.devices.get('cam-001');
    expect(device).toMatchObject({ addresses: ['10.0.0.7'], lastSeen: city.clock.now() });
    expect(city.asked.at(-1)).toMatchObject({
      action: 'enrol',
      principal: { type: 'Device', id: 'cam-001' },
      context: { proof: 'token', provenId: 'cam-001', requestedId: 'cam-001', foreignNames: 0, keyType },
    });
    expect(city.signals.heard.filter(({ type }) => type === 'certificate')).toHaveLength(1);
    expect(city.records.audit.at(-1)).toMatchObject({
      action: 'certificate.issue',
      target: `certificate:${issued.serial}`,
    });
  });

  it('gives the same certificate for the same request sent again, at once or later', async () => {
    const city = await openCity();
    const token = await cameraToken(city);
    const csr = makeCsr('cam-001');
    const wanted = { csr: () => csr, token };
    const all = await Promise.all([1, 2, 3, 4].map(() => city.authority.enrol(wanted)));
    city.clock.pass(10 * day);
    all.push(await city.authority.enrol(wanted));
    expect(new Set(all.map(({ serial }) => serial)).size).toBe(1);
    expect(await city.records.count(certificates, { profile: 'device' })).toBe(1);
    expect(city.records.audit.filter(({ action }) => action === 'certificate.issue')).toHaveLength(1);
  });

  it('takes a token once: another request, another key or another day is refused', async () => {
    const city = await openCity();
    const token = await cameraToken(city);
    const csr = makeCsr('cam-001');
    const first = await city.authority.enrol({ csr: () => csr, token });
    await expect(city.authority.enrol({ csr: () => makeCsr('cam-001'), token })).rejects.toMatchObject({
      code: 'token-used',
    });
    await city.authority.revoke(first.serial, 'superseded', 'user:lan');
    await expect(city.authority.enrol({ csr: () => csr, token })).rejects.toMatchObject({
      code: 'token-used',
    });
    expect(await city.records.count(certificates, { profile: 'device' })).toBe(1);
  });

  it('lets only one of two devices that race for one token win', async () => {
    const city = await openCity();
    const token = await cameraToken(city);
    const race = await Promise.allSettled(
      [1, 2, 3].map(() => {
        const csr = makeCsr('cam-001');
        return city.authority.enrol({ csr: () => csr, token });
      }),
    );
    expect(race.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await city.records.count(certificates, { profile: 'device' })).toBe(1);
  });

  it('answers a request that comes twice at a time with one certificate, for a new key and for a known one', async () => {
    const city = await openCity();
    const csr = makeCsr('cam-009');
    const ask = () => city.authority.issue({ csr, profile: 'device', subject: 'cam-009', by: 'user:lan' });
    const [first, again] = await Promise.all([ask(), ask()]);
    expect(again).toEqual(first);
    await city.authority.revoke(first.serial, 'superseded', 'user:lan');
    const [next, same] = await Promise.all([ask(), ask()]);
    expect(same).toEqual(next);
    expect(next.serial).not.toBe(first.serial);
    expect(await city.records.count(certificates, { profile: 'device' })).toBe(2);
  });

  it('gives the same certificate for a request that was signed anew, and for no other key or names', async () => {
    const city = await openCity();
    const token = await cameraToken(city);
    const key = ecKey();
    const enrol = (csr: Uint8Array) => city.authority.enrol({ csr: () => csr, token });
    const first = await enrol(makeCsr('cam-001', key));
    expect((await enrol(makeCsr('cam-001', key))).serial).toBe(first.serial);
    const named = makeCsr('cam-001', key, { names: ['cam-001', 'eth0.cam-001'] });
    const renamed = makeCsr('cam-002', key, { names: ['cam-001'] });
    for (const csr of [makeCsr('cam-001'), named, renamed])
      await expect(enrol(csr)).rejects.toMatchObject({ code: 'token-used' });
    const forged = makeCsr('cam-001', { ...ecKey(), spki: key.spki });
    await expect(enrol(forged)).rejects.toMatchObject({ code: 'bad-signature' });
    await city.authority.revoke(first.serial, 'superseded', 'user:lan');
    await expect(enrol(makeCsr('cam-001', key))).rejects.toMatchObject({ code: 'token-used' });
  });

  it('issues nothing and leaves the token usable when the commit fails', async () => {
    const city = await openCity();
    const token = await cameraToken(city);
    const csr = makeCsr('cam-001');
    city.records.failNext = 1;
    await expect(city.authority.enrol({ csr: () => csr, token })).rejects.toThrow('disk full');
    expect(await city.records.count(certificates, { profile: 'device' })).toBe(0);
    expect(city.signals.heard.some(({ type }) => type === 'certificate')).toBe(false);
    await expect(city.authority.enrol({ csr: () => csr, token })).resolves.toMatchObject({
      subject: 'cam-001',
    });
  });

  it('decides again when the device was quarantined between decision and commit', async () => {
    const city = await openCity();
    const token = await cameraToken(city);
    const csr = makeCsr('cam-001');
    city.records.beforeCommit = async () => {
      city.records.beforeCommit = () => {};
      city.denied.add('cam-001');
      await city.authority.devices.update(
        'cam-001',
        { quarantined: true, quarantineReason: 'lạ' },
        'user:lan',
      );
    };
    await expect(city.authority.enrol({ csr: () => csr, token })).rejects.toMatchObject({ code: 'denied' });
    expect(await city.records.count(certificates, { profile: 'device' })).toBe(0);
  });

  it('renews nothing by a certificate that is revoked meanwhile, alone or with all of its device', async () => {
    for (const whole of [false, true]) {
      const city = await openCity();
      const first = await city.authority.enrol({
        csr: () => makeCsr('cam-001'),
        token: await cameraToken(city),
      });
      city.records.beforeCommit = async () => {
        city.records.beforeCommit = () => {};
        if (whole) await city.authority.revokeDevice('cam-001', 'privilegeWithdrawn', 'user:lan');
        else await city.authority.revoke(first.serial, 'superseded', 'user:lan');
      };
      const certificate = Buffer.from(first.der, 'base64');
      await expect(
        city.authority.renew({ csr: () => makeCsr('cam-001'), certificate }),
      ).rejects.toMatchObject({ code: 'certificate-refused' });
      expect(await city.records.count(certificates, { subject: 'cam-001', revokedAt: null })).toBe(0);
    }
  });

  it('revokes what is renewed while all certificates of a device, or of its key, are revoked', async () => {
    for (const whole of [false, true]) {
      const city = await openCity();
      const key = ecKey();
      const first = await city.authority.enrol({
        csr: () => makeCsr('cam-001', key),
        token: await cameraToken(city),
      });
      const certificate = Buffer.from(first.der, 'base64');
      city.records.beforeCommit = async () => {
        city.records.beforeCommit = () => {};
        const next = whole ? ecKey() : key;
        await city.authority.renew({ csr: () => makeCsr('cam-001', next), certificate });
      };
      if (whole) await city.authority.revokeDevice('cam-001', 'privilegeWithdrawn', 'user:lan');
      else await city.authority.revoke(first.serial, 'keyCompromise', 'user:lan');
      expect(await city.records.count(certificates, { subject: 'cam-001' })).toBe(2);
      expect(await city.records.count(certificates, { subject: 'cam-001', revokedAt: null })).toBe(0);
    }
  });

  it('refuses wrong and expired tokens, and a token of another device, before it looks at the request', async () => {
    const city = await openCity();
    const token = await cameraToken(city, 'cam-001', 5);
    const csr = (): Uint8Array => {
      throw new Error('looked at');
    };
    const codes = async (wanted: { token: string; user?: string }): Promise<unknown> =>
      city.authority.enrol({ csr, ...wanted }).catch((error: { code: string }) => error.code);
    expect(await codes({ token: 'kde_wrong' })).toBe('token-wrong');
    expect(await codes({ token, user: 'cam-002' })).toBe('token-wrong');
    city.clock.pass(5 * 60_000);
    expect(await codes({ token })).toBe('token-expired');
  });

  it('keeps only the hash of a token', async () => {
    const city = await openCity();
    const token = await cameraToken(city);
    const kept = JSON.stringify([await city.records.find(enrolmentTokens), city.records.audit]);
    expect(kept).not.toContain(token);
    expect(kept).not.toContain(token.slice(4));
  });
});

describe('what a request may ask for', () => {
  const name = encodeName([Oid.organization, 'Huế'], [Oid.commonName, 'cam-001']);
  it.each([
    ['the common name of another device', () => makeCsr('cam-002'), 'subject-mismatch'],
    ['a name of another device', () => makeCsr('cam-001', ecKey(), { names: ['cam-002'] }), 'denied'],
    ['an address', () => makeCsr('cam-001', ecKey(), { names: ['10.0.0.1'] }), 'bad-name'],
    ['a subject with an organization', () => makeCsr('', ecKey(), { subject: name }), 'bad-subject'],
    ['an empty subject', () => makeCsr('', ecKey(), { subject: encodeName() }), 'bad-subject'],
    ['an RSA key of 1024 bits', () => makeCsr('cam-001', rsaKey(1024)), 'weak-key'],
    [
      'to be an authority',
      () => makeCsr('cam-001', ecKey(), { extensions: [extension.basicConstraints(true)] }),
      'unsupported-extension',
    ],
    [
      'to sign certificates',
      () => makeCsr('cam-001', ecKey(), { extensions: [extension.keyUsage(['keyCertSign'])] }),
      'unsupported-extension',
    ],
    [
      'to be a server',
      () => makeCsr('cam-001', ecKey(), { extensions: [extension.extendedKeyUsage([Oid.serverAuth])] }),
      'unsupported-extension',
    ],
    [
      'certificate policies',
      () =>
        makeCsr('cam-001', ecKey(), {
          extensions: [{ oid: Oid.certificatePolicies, critical: false, value: Uint8Array.of(0x30, 0) }],
        }),
      'unsupported-extension',
    ],
    ['garbage', () => Buffer.from('hello'), 'malformed-der'],
  ])('refuses %s', async (_what, csr, code) => {
    const city = await openCity();
    const token = await cameraToken(city);
    await expect(city.authority.enrol({ csr, token })).rejects.toMatchObject({ code });
    expect(await city.records.count(certificates, { profile: 'device' })).toBe(0);
  });

  it('names the extension that it does not give', async () => {
    const city = await openCity();
    const token = await cameraToken(city);
    const asks = makeCsr('cam-001', ecKey(), { extensions: [extension.ocspNoCheck()] });
    await expect(city.authority.enrol({ csr: () => asks, token })).rejects.toThrow('`ocspNoCheck`');
  });

  it('refuses a request that is signed by another key', async () => {
    const city = await openCity();
    const token = await cameraToken(city);
    const csr = Buffer.from(makeCsr('cam-001'));
    csr[csr.length - 1]! ^= 1;
    const forged = makeCsr('cam-001', { ...ecKey(), spki: ecKey().spki });
    await expect(city.authority.enrol({ csr: () => forged, token })).rejects.toMatchObject({
      code: 'bad-signature',
    });
    await expect(city.authority.enrol({ csr: () => csr, token })).rejects.toMatchObject({
      code: 'bad-signature',
    });
  });

  it('certifies a key for one of the devices that ask with it at the same time', async () => {
    const city = await openCity();
    const key = ecKey();
    const ids = ['cam-001', 'cam-002', 'cam-003'];
    const tokens = await Promise.all(ids.map((id) => cameraToken(city, id)));
    const race = await Promise.allSettled(
      ids.map((id, at) => city.authority.enrol({ csr: () => makeCsr(id, key), token: tokens[at]! })),
    );
    const refused = race.flatMap((each) => (each.status === 'rejected' ? [each.reason.code] : []));
    expect(refused).toEqual(['key-in-use', 'key-in-use']);
    expect(await city.records.count(certificates, { profile: 'device' })).toBe(1);
  });

  it('refuses a key that was revoked, and a key that belongs to another device', async () => {
    const city = await openCity();
    const key = ecKey();
    const enrolWith = async (id: string): Promise<{ serial: string }> => {
      const token = await cameraToken(city, id);
      return city.authority.enrol({ csr: () => makeCsr(id, key), token });
    };
    const { serial } = await enrolWith('cam-001');
    await expect(enrolWith('cam-002')).rejects.toMatchObject({ code: 'key-in-use' });
    await city.authority.revoke(serial, 'keyCompromise', 'user:lan');
    await expect(enrolWith('cam-001')).rejects.toMatchObject({ code: 'key-revoked' });
  });

  it.each(['localhost', 'Cam-1', 'cam 1', 'a..b', '-cam', `${'a'.repeat(64)}`, 'câm', ''])(
    'registers no device called `%s`, or certifies none',
    async (deviceId) => {
      const city = await openCity();
      const attempt = async (): Promise<unknown> => {
        const token = await cameraToken(city, deviceId);
        return city.authority.enrol({ csr: () => makeCsr(deviceId), token });
      };
      const code = await attempt().catch((error: { code: string }) => error.code);
      expect(code).toBe(deviceId === 'localhost' ? 'lint-failed' : 'bad-name');
    },
  );
});

describe('renewal', () => {
  it('gives the next certificate to who holds the present one, and refuses other names', async () => {
    const city = await openCity();
    const token = await cameraToken(city);
    const held = await city.authority.enrol({
      csr: () => makeCsr('cam-001', ecKey(), { names: ['cam-001', 'eth0.cam-001'] }),
      token,
    });
    city.clock.pass(61 * day);
    const renewWith = (csr: Uint8Array): Promise<{ serial: string; requester: string }> =>
      city.authority.renew({ csr: () => csr, certificate: der(held) });
    await expect(renewWith(makeCsr('cam-001'))).rejects.toMatchObject({ code: 'subject-mismatch' });
    await expect(
      renewWith(makeCsr('cam-002', ecKey(), { names: ['cam-001', 'eth0.cam-001'] })),
    ).rejects.toMatchObject({
      code: 'subject-mismatch',
    });
    const next = await renewWith(makeCsr('cam-001', ecKey(), { names: ['eth0.cam-001', 'cam-001'] }));
    expect(next.requester).toBe(`certificate:${held.serial}`);
    expect(next.serial).not.toBe(held.serial);
    expect(city.asked.at(-1)).toMatchObject({ action: 'renew', context: { proof: 'certificate' } });
  });

  it('is refused to revoked, expired, foreign and made-up certificates', async () => {
    const city = await openCity();
    const other = await openCity();
    const token = await cameraToken(city);
    const held = await city.authority.enrol({ csr: () => makeCsr('cam-001'), token });
    const reasonFor = async (bytes: Uint8Array): Promise<unknown> => {
      const verdict = await city.authority.verifyClient(bytes);
      return verdict.ok ? verdict.device : verdict.reason;
    };
    expect(await reasonFor(der(held))).toBe('cam-001');
    const { authority } = other;
    const foreign = await authority.enrol({ csr: () => makeCsr('cam-001'), token: await cameraToken(other) });
    expect(await reasonFor(der(foreign))).toBe('unknown-issuer');
    expect(await reasonFor(Buffer.from('junk'))).toBe('malformed');
    const changed = Buffer.from(der(held));
    changed[changed.length - 1]! ^= 1;
    expect(await reasonFor(changed)).toBe('unknown-issuer');
    city.clock.pass(91 * day);
    expect(await reasonFor(der(held))).toBe('expired');
    await city.authority.revoke(held.serial, 'keyCompromise', 'user:lan');
    expect(await reasonFor(der(held))).toBe('revoked');
    await expect(
      city.authority.renew({ csr: () => makeCsr('cam-001'), certificate: der(held) }),
    ).rejects.toMatchObject({ code: 'certificate-refused' });
  });
});

it('renews after the end only inside the configured grace, and never what was revoked', async () => {
  const city = await openCity({ renewalGraceDays: 7 });
  const held = await city.authority.enrol({ csr: () => makeCsr('cam-001'), token: await cameraToken(city) });
  const renewNow = () => city.authority.renew({ csr: () => makeCsr('cam-001'), certificate: der(held) });
  city.clock.pass(95 * day);
  expect(await city.authority.verifyClient(der(held))).toMatchObject({ reason: 'expired' });
  await expect(renewNow()).resolves.toMatchObject({ subject: 'cam-001' });
  await city.authority.revoke(held.serial, 'superseded', 'user:lan');
  await expect(renewNow()).rejects.toMatchObject({ code: 'certificate-refused' });
  city.clock.pass(3 * day);
  await expect(renewNow()).rejects.toMatchObject({ code: 'certificate-refused' });
});

describe('revocation', () => {
  it('changes a certificate once, tells it, and keeps the first reason', async () => {
    const city = await openCity();
    const held = await city.authority.enrol({
      csr: () => makeCsr('cam-001'),
      token: await cameraToken(city),
    });
    const at = city.clock.now();
    const revoked = await city.authority.revoke(held.serial, 'keyCompromise', 'user:lan');
    expect(revoked.revoked).toEqual({ at, reason: 'keyCompromise', by: 'user:lan' });
    city.clock.pass(1000);
    expect((await city.authority.revoke(held.serial, 'superseded', 'user:minh')).revoked).toEqual(
      revoked.revoked,
    );
    expect(city.records.audit.filter(({ action }) => action === 'certificate.revoke')).toHaveLength(1);
    await expect(city.authority.revoke('00ff', 'superseded', 'x')).rejects.toMatchObject({
      code: 'unknown-certificate',
    });
  });

  it('of an authority ends what it signed, and it signs nothing more', async () => {
    const city = await openCity();
    const held = await city.authority.enrol({
      csr: () => makeCsr('cam-001'),
      token: await cameraToken(city),
    });
    const authority = new X509Certificate(city.authority.certificateOf('device-ca'));
    const serial = authority.serialNumber.toLowerCase();
    await city.authority.revoke(serial, 'keyCompromise', 'user:lan');
    expect(await city.authority.verifyClient(der(held))).toMatchObject({
      ok: false,
      reason: 'issuer-revoked',
    });
    const token = await cameraToken(city, 'cam-002');
    await expect(city.authority.enrol({ csr: () => makeCsr('cam-002'), token })).rejects.toMatchObject({
      code: 'issuer-revoked',
    });
  });

  it('takes every good certificate of a device in one commit', async () => {
    const city = await openCity();
    for (let round = 0; round < 3; round++) {
      await city.authority.enrol({ csr: () => makeCsr('cam-001'), token: await cameraToken(city) });
    }
    const before = city.records.commits;
    const revoked = await city.authority.revokeDevice('cam-001', 'keyCompromise', 'playbook:1');
    expect(revoked).toHaveLength(3);
    expect(city.records.commits).toBe(before + 1);
    expect(await city.authority.revokeDevice('cam-001', 'keyCompromise', 'playbook:1')).toEqual([]);
    expect(await city.authority.revokeDevice('nobody', 'keyCompromise', 'playbook:1')).toEqual([]);
  });
});

describe('the device register', () => {
  it('loses no change when many come at once', async () => {
    const city = await openCity();
    await city.authority.devices.register({ id: 'siren-1', kind: 'siren', zone: 'district-1' }, 'user:lan');
    await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        city.authority.devices.update('siren-1', { address: `10.0.0.${index}`, risk: index }, 'system'),
      ),
    );
    const device = await city.authority.devices.get('siren-1');
    expect(device?.operationalTechnology).toBe(true);
    expect(device?.addresses).toHaveLength(8);
    expect((await city.records.get(devices, 'siren-1'))?.version).toBe(11);
    await expect(city.authority.devices.update('none', { risk: 1 }, 'system')).rejects.toMatchObject({
      code: 'unknown-device',
    });
    await expect(
      city.authority.devices.register({ id: 'siren-1', kind: 'siren', zone: 'x' }, 'user:lan'),
    ).rejects.toMatchObject({ code: 'device-exists' });
  });
});
