import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasOpenssl } from '@kydai/contracts/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Trust } from '../attest/dsse.ts';
import { temporaryFolder } from '../testing.ts';
import { readSigners } from './signers.ts';
import type { WaiverEntry } from './waiver.ts';
import { signWaiver, verifyWaivers } from './waiver-signature.ts';

const pem = (pair: { readonly privateKey: KeyObject; readonly publicKey: KeyObject }) => ({
  privateKey: String(pair.privateKey.export({ type: 'pkcs8', format: 'pem' })),
  publicKey: String(pair.publicKey.export({ type: 'spki', format: 'pem' })),
});
const people = new Map([
  ['Lan', pem(generateKeyPairSync('ed25519'))],
  ['Minh', pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }))],
  ['Hà', pem(generateKeyPairSync('ec', { namedCurve: 'P-384' }))],
]);
const declared = await readSigners(
  JSON.stringify({ people: [...people].map(([name, { publicKey }]) => ({ name, key: publicKey })) }),
);
const nobody: Trust = () => ({ fault: 'not here' });
const terms: WaiverEntry = {
  advisory: 'CVE-1',
  component: 'pkg:npm/p@1.0.0',
  owner: 'Lan',
  reason: 'không gọi tới',
  expires: '2027-01-31',
  knownExploited: false,
  epss: 0.1,
  signatures: [],
};

function signed(by: readonly string[], waiver = terms, as = by): WaiverEntry {
  const signatures = by.map((name, i) => ({
    ...signWaiver(waiver, { name, keyPem: people.get(name)!.privateKey }),
    signer: as[i]!,
  }));
  return { ...waiver, signatures };
}

const verified = (entry: WaiverEntry, signers: typeof declared | undefined = declared) =>
  verifyWaivers([entry], signers, () => nobody);

describe('a waiver', () => {
  it('holds when two declared people signed it, with keys of any kind', () => {
    expect(verified(signed(['Lan', 'Minh', 'Hà'])).waivers).toMatchObject([
      { signers: ['Lan', 'Minh', 'Hà'] },
    ]);
    expect(verified(signed(['Minh', 'Hà'], terms, ['minh', 'ha\u0300'.toUpperCase()])).waivers).toMatchObject(
      [{ signers: ['Minh', 'Hà'] }],
    );
  });

  it.each([
    ['nobody', signed([]), /nobody has signed/],
    ['one person', signed(['Lan']), /only `Lan`/],
    ['one person twice', signed(['Lan', 'Lan']), /`Lan` signed twice/],
    ['one person under two names', signed(['Lan', 'Lan'], terms, ['Lan', 'Minh']), /`Minh` does not fit/],
    [
      'someone who is not declared',
      signed(['Lan', 'Minh'], terms, ['Lan', 'Ai']),
      /`Ai` is no declared signer/,
    ],
  ])('signed by %s is not applied, and the reason is said', (_, entry, reason) => {
    const { waivers, unsigned } = verified(entry);
    expect(waivers).toEqual([]);
    expect(unsigned).toMatchObject([{ reason: expect.stringMatching(reason) }]);
  });

  it.each<Partial<WaiverEntry>>([
    { advisory: 'CVE-2' },
    { component: 'pkg:npm/p@1.0.1' },
    { owner: 'Minh' },
    { reason: 'không gọi' },
    { expires: '2028-01-31' },
    { knownExploited: true },
    { epss: 0.9 },
  ])('whose terms were changed to %j after signing is not applied', (change) => {
    expect(verified({ ...signed(['Lan', 'Minh']), ...change }).waivers).toEqual([]);
  });

  it('is not applied where nothing says who may sign', () => {
    expect(verifyWaivers([signed(['Lan', 'Minh'])], undefined, () => nobody)).toMatchObject({
      waivers: [],
      unsigned: [{ reason: expect.stringContaining('--signers') }],
    });
  });
});

describe.runIf(hasOpenssl)('a signature with a certificate', () => {
  const certificate = (name: string) => {
    using folder = temporaryFolder();
    const key = join(folder.path, 'k');
    writeFileSync(key, people.get('Minh')!.privateKey);
    const args = ['req', '-x509', '-key', key, '-subj', `/CN=${name}`, '-days', '2'];
    return execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  };
  const staff: Trust = (chain) => ({ subject: new X509Certificate(chain[0]!).subject.replace('CN=', '') });
  let minh: Parameters<typeof signWaiver>[1];
  beforeAll(() => {
    minh = { name: 'Staff', keyPem: people.get('Minh')!.privateKey, chainPem: certificate('Staff') };
  });
  const with_ = (signature: WaiverEntry['signatures'][number], trust: Trust) => {
    const lan = signWaiver(terms, { name: 'Lan', keyPem: people.get('Lan')!.privateKey });
    return verifyWaivers([{ ...terms, signatures: [lan, signature] }], declared, () => trust);
  };

  it('counts where its authority is trusted and it names the signer', () => {
    expect(with_(signWaiver(terms, minh), staff).waivers).toMatchObject([{ signers: ['Lan', 'Staff'] }]);
    expect(with_(signWaiver(terms, minh), nobody).unsigned[0]?.reason).toContain('not here');
    const other = { ...signWaiver(terms, minh), signer: 'Hà' };
    expect(with_(other, staff).unsigned[0]?.reason).toContain('names another');
  });

  it('is one person’s with what the same key signed as declared', () => {
    const declaredToo = signWaiver(terms, { name: 'Minh', keyPem: people.get('Minh')!.privateKey });
    const both = { ...terms, signatures: [declaredToo, signWaiver(terms, minh)] };
    expect(verifyWaivers([both], declared, () => staff).unsigned[0]?.reason).toContain('signed twice');
  });

  it('is not made with another one’s certificate', () => {
    const keyPem = people.get('Hà')!.privateKey;
    expect(() => signWaiver(terms, { ...minh, keyPem })).toThrow(expect.objectContaining({ code: 'signer' }));
    expect(() => signWaiver(terms, { ...minh, chainPem: '' })).toThrow(
      expect.objectContaining({ code: 'signer' }),
    );
  });
});

describe('the file of signers', () => {
  it.each(['people: x', 'people: [{name: a}]', 'people: [{name: a, key: b}]', '{', 'roots: [1]\nothers: []'])(
    '%s is refused',
    async (text) => {
      await expect(readSigners(text)).rejects.toMatchObject({ code: 'invalid-waivers' });
    },
  );
});
