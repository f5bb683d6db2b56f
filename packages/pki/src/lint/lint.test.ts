import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { broken, issuer, sound } from '../fixtures/broken-certificates.ts';
import { openCity } from '../fixtures/city.ts';
import { readProfile } from '../profile/profile.ts';
import { allProfiles, profileOf } from '../profile/profiles.ts';
import { signCertificate } from '../sign/sign.ts';
import { encodeTbsCertificate } from '../x509/certificate.ts';
import { findFaults, lint } from './lint.ts';
import { ownRules, shapeRules } from './rules/index.ts';

const tbs = encodeTbsCertificate(sound);

describe('the lint', () => {
  it('finds nothing in a sound certificate', () => {
    expect(findFaults(tbs, profileOf('device'), issuer)).toEqual([]);
  });

  it.each(broken)('$rule: $defect', ({ fields, rule, also, edit, profile }) => {
    const changed = encodeTbsCertificate({ ...sound, ...fields });
    const found = findFaults(edit?.(changed) ?? changed, profile ?? profileOf('device'), issuer);
    expect(found.map((finding) => finding.rule).sort()).toEqual([rule, ...(also ?? [])].sort());
  });

  it.each(broken)('says the same of $rule: $defect, whether it saw its like before or not', (each) => {
    const changed = encodeTbsCertificate({ ...sound, ...each.fields });
    const profile = each.profile ?? profileOf('device');
    expect(findFaults(tbs, profileOf('device'), issuer)).toEqual([]);
    const bytes = each.edit?.(changed) ?? changed;
    expect(findFaults(bytes, profile, issuer)).toEqual(findFaults(bytes, profile, { ...issuer }));
  });

  it('has a broken certificate and a citation for every rule', () => {
    const rules = [...shapeRules, ...ownRules];
    expect(new Set(broken.map(({ rule }) => rule))).toEqual(new Set(rules.map(({ id }) => id)));
    expect(rules.every(({ citation }) => citation.length > 10)).toBe(true);
  });

  it('has every rule in a file of its own that is named after it', async () => {
    const files = (await readdir(join(import.meta.dirname, 'rules'))).filter((name) => name !== 'index.ts');
    expect(files.map((name) => name.replace(/\.ts$/, '')).sort()).toEqual(
      [...shapeRules, ...ownRules].map(({ id }) => id).sort(),
    );
  });
});

describe('the proof', () => {
  it('signs once, cannot be copied and cannot be made up', async () => {
    const city = await openCity();
    const signer = await city.keys.create('trial', 'EC-P256');
    const proof = lint(tbs, profileOf('device'), issuer);
    await expect(signCertificate({ ...proof } as never, signer)).rejects.toMatchObject({
      code: 'proof-spent',
    });
    await expect(signCertificate(proof, signer)).resolves.toBeInstanceOf(Uint8Array);
    await expect(signCertificate(proof, signer)).rejects.toMatchObject({ code: 'proof-spent' });
  });

  it('is not made for a broken certificate', () => {
    const bad = encodeTbsCertificate({ ...sound, serial: Buffer.of(1) });
    expect(() => lint(bad, profileOf('device'), issuer)).toThrow(
      expect.objectContaining({ code: 'lint-failed', message: expect.stringContaining('serial-number') }),
    );
  });
});

describe('profiles', () => {
  it('are data that is checked', () => {
    expect(allProfiles().map(({ id }) => id)).toContain('device');
    expect(() => profileOf('toaster')).toThrow(expect.objectContaining({ code: 'unknown-profile' }));
    expect(() => readProfile({ ...profileOf('device'), days: -1 })).toThrow(
      expect.objectContaining({ code: 'bad-setting' }),
    );
    expect(() => readProfile({ ...profileOf('device'), extra: 1 })).toThrow(
      expect.objectContaining({ code: 'bad-setting' }),
    );
    expect(() => readProfile({ ...profileOf('device'), ocspNoCheck: true })).toThrow(/ocspNoCheck/);
  });
});
