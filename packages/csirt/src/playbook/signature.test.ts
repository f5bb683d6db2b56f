import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ownPlaybooks } from '../testing/runbooks.ts';
import { canonicalJson } from './canonical.ts';
import { loadPlaybooks } from './load.ts';
import { readPlaybook, writePlaybook } from './read.ts';
import { signPlaybook, verifySignatures } from './signature.ts';

const playbook = ownPlaybooks()[0]!.cacao;
const file = `${ownPlaybooks()[0]!.id}.json`;
const now = Date.UTC(2026, 10, 21);
const pairs = {
  ec: generateKeyPairSync('ec', { namedCurve: 'prime256v1' }),
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ed25519: generateKeyPairSync('ed25519'),
};
const options = { createdBy: playbook.created_by, signee: 'Huế IOC', now };

describe('a signed playbook', () => {
  it.each(Object.entries(pairs))(
    'is trusted when signed with a trusted %s key, also beside others',
    (_, pair) => {
      const first = signPlaybook(playbook, { ...options, privateKey: pairs.ec.privateKey });
      const both = readPlaybook(
        writePlaybook(signPlaybook(first, { ...options, privateKey: pair.privateKey })),
      );
      expect(verifySignatures(both, [pair.publicKey], now).at(-1)).toMatchObject({
        trusted: true,
        reason: '',
      });
    },
  );

  it('is not trusted when its key is not, when it was changed, or outside of its time', () => {
    const signedOne = signPlaybook(playbook, {
      ...options,
      privateKey: pairs.ec.privateKey,
      validUntil: now + 1000,
    });
    const reasons = (document: unknown, trusted = [pairs.ec.publicKey], at = now) =>
      verifySignatures(document, trusted, at).map(({ reason }) => reason);
    expect(reasons(signedOne)).toEqual(['']);
    expect(reasons(signedOne, [pairs.rsa.publicKey])).toEqual(['its key is not trusted']);
    expect(reasons({ ...signedOne, name: 'Other' })).toEqual(['it does not match the playbook']);
    expect(reasons({ ...signedOne, modified: '2027-01-01T00:00:00.000Z' })).toEqual([
      'it is for another version',
    ]);
    expect(reasons(signedOne, undefined, now - 1)).toEqual(['it is not valid yet']);
    expect(reasons(signedOne, undefined, now + 1000)).toEqual(['it is no longer valid']);
    const [signature] = signedOne.signatures!;
    const withSignature = (change: object) => ({ ...signedOne, signatures: [{ ...signature, ...change }] });
    expect(reasons(withSignature({ algorithm: 'HS256' }))).toEqual([
      'the algorithm `HS256` is not supported',
    ]);
    expect(reasons(withSignature({ algorithm: 'RS256' }))).toEqual([
      'its public key is of another kind than its algorithm',
    ]);
    expect(reasons(withSignature({ value: 'AAAA' }))).toEqual(['it does not match the playbook']);
    expect(reasons(withSignature({ public_key: 'AAAA' }))).toEqual(['its public key cannot be read']);
    expect(reasons(withSignature({ revoked: true }))).toEqual(['it is revoked']);
    expect(reasons({ ...signedOne, signatures: [1] })).toEqual(['it is not a signature object']);
  });

  it('is what loading takes, where trusted keys are given', () => {
    const load = (text: string) =>
      loadPlaybooks([{ file, text }], { trustedKeys: [pairs.ec.publicKey], now });
    expect(load(writePlaybook(playbook)).problems[0]).toMatchObject({ path: 'signatures' });
    const signedOne = signPlaybook(playbook, { ...options, privateKey: pairs.ec.privateKey });
    expect(load(writePlaybook(signedOne)).playbooks).toHaveLength(1);
    expect(load(writePlaybook({ ...signedOne, name: 'Other' })).playbooks).toHaveLength(0);
  });
});

describe('canonical json', () => {
  it('orders properties and writes numbers as RFC 8785 does', () => {
    // Section 3.2.3's property order, section 3.2.2's numbers and strings.
    const order = { '€': 1, '\r': 2, '\ufb33': 3, '1': 4, '😀': 5, '\u0080': 6, ö: 7 };
    expect(canonicalJson(order)).toBe('{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}');
    expect(canonicalJson([Number('333333333.33333329'), 1e30, 4.5, 2e-3, 1e-27, -0])).toBe(
      '[333333333.3333333,1e+30,4.5,0.002,1e-27,0]',
    );
    expect(canonicalJson('€$\u000f\nA\'B"\\\\"/')).toBe('"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"');
  });

  it('says the same whatever the order in which properties were written', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
        const turned = Object.fromEntries(Object.entries(object).reverse());
        let text: string;
        try {
          text = canonicalJson(object);
        } catch (error) {
          expect(error).toMatchObject({ code: 'signature-invalid' });
          return;
        }
        expect(canonicalJson(turned)).toBe(text);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(object)));
      }),
    );
  });
});
