import { describe, expect, it } from 'vitest';
import { openCity } from '../fixtures/city.ts';
import { readCertificate } from '../x509/certificate.ts';
import { readCertsOnly } from '../x509/cms.ts';
import { findExtension } from '../x509/extension.ts';
import { textName } from '../x509/general-name.ts';
import { formatName } from '../x509/name.ts';
import { constraintFault, readNameConstraints } from '../x509/name-constraints.ts';
import { Oid } from '../x509/oids.ts';
import { constraintsOf } from './constrained-names.ts';
import { readProfile } from './profile.ts';
import { authorityProfile, profileOf } from './profiles.ts';

/** Reads a profile of an authority with these constraints; what it says of each name. */
function verdicts(nameConstraints: unknown, names: readonly string[]): (string | undefined)[] {
  const profile = readProfile({ ...profileOf('issuing-ca'), nameConstraints });
  const constraints = readNameConstraints(constraintsOf(profile.nameConstraints)!.value);
  return names.map((name) => constraintFault(constraints, named(name)));
}

function named(text: string) {
  if (!text.includes('@')) return textName(text);
  return { kind: 'email', text, bytes: Buffer.from(text) } as const;
}

describe('name constraints of a profile', () => {
  it('permit and exclude hosts, networks and mailboxes', () => {
    const constraints = {
      permitted: ['dns:hue.example', 'ip:10.8.0.0/13', 'ip:2001:db8::/33', 'email:hue.example'],
      excluded: ['dns:console.hue.example', 'email:lan@hue.example', 'ip:10.9.9.9/32'],
    };
    const good = ['hue.example', 'a.b.hue.example', '10.15.255.255', '2001:db8:7fff::1', 'ngoc@hue.example'];
    expect(verdicts(constraints, good)).toEqual(good.map(() => undefined));
    const bad = ['hanoi.example', 'x.console.hue.example', '10.16.0.0', '2001:db8:8000::', '10.9.9.9'];
    const mailboxes = ['lan@hue.example', 'a@b.hue.example'];
    for (const fault of verdicts(constraints, [...bad, ...mailboxes])) expect(fault).toMatch(/issuer/);
  });

  it.each([
    [{ permitted: ['uri:http://a'] }],
    [{ permitted: ['dns:'] }],
    [{ permitted: ['dns:*.hue.example'] }],
    [{ permitted: ['dns:huế.example'] }],
    [{ excluded: ['ip:10.0.0.1/8'] }],
    [{ excluded: ['ip:10.0.0.0/33'] }],
    [{ excluded: ['ip:10.0.0.0/08'] }],
    [{ excluded: ['ip:10.0.0.0'] }],
    [{ excluded: ['email:a@b@c'] }],
    [{ excluded: ['dns:a', 'dns:a'] }],
    [{ excluded: [] }],
    [{ forbidden: ['dns:a'] }],
    ['any'],
  ])('are refused where they mean nothing: %j', (nameConstraints) => {
    expect(() => readProfile({ ...profileOf('issuing-ca'), nameConstraints })).toThrow(
      expect.objectContaining({ code: 'bad-setting' }),
    );
  });

  it('are for authorities alone', () => {
    const nameConstraints = { excluded: ['dns:a'] };
    expect(() => readProfile({ ...profileOf('device'), nameConstraints })).toThrow(/for authorities/);
  });

  it('hold the host of the public URL, a name or an address', () => {
    const excluded = (host: string): unknown =>
      (authorityProfile('device-ca', host).nameConstraints as { excluded: unknown }).excluded;
    expect(excluded('pki.hue.example')).toContain('dns:pki.hue.example');
    expect(excluded('10.0.0.7')).toContain('ip:10.0.0.7/32');
    expect(excluded('::1')).toContain('ip:::1/128');
    expect(excluded('localhost')).toEqual(['dns:localhost', 'ip:0.0.0.0/0', 'ip:::/0']);
  });

  it('stand in every generation of the authority of devices and its crosses, and in no other', async () => {
    const city = await openCity({ publicUrl: 'http://pki.hue.example' });
    for (const role of ['device-ca', 'service-ca'] as const) await city.authority.rollOver(role, 'user:lan');
    const pool = readCertsOnly(city.authority.caCertificates()).map((der) => readCertificate(der));
    const wanted = constraintsOf(authorityProfile('device-ca', 'pki.hue.example').nameConstraints)!;
    for (const { subject, extensions } of pool) {
      const found = findExtension(extensions, Oid.nameConstraints);
      const ofDevices = formatName(subject).includes('Device CA');
      expect([formatName(subject), found?.critical]).toEqual([
        formatName(subject),
        ofDevices ? true : undefined,
      ]);
      if (found !== undefined) expect(Buffer.from(found.value)).toEqual(Buffer.from(wanted.value));
    }
    expect(pool).toHaveLength(9);
  });
});
