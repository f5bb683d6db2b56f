import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { certificatesOf, readKey, signBytes, type Trust, verifyBytes } from '../attest/dsse.ts';
import { SbomError } from '../error.ts';
import type { Signers } from './signers.ts';
import type { Waiver, WaiverEntry } from './waiver.ts';

/** What the signature is about, in DSSE's pre-authentication encoding: it can pass for no other kind of paper. */
const payloadType = 'application/vnd.kydai.waiver+json';

/** A waiver that is not applied, and why: too few people have signed it. */
export interface Unsigned {
  readonly waiver: WaiverEntry;
  readonly reason: string;
}

/** One person's signature under a waiver. @throws SbomError `signer` */
export function signWaiver(
  waiver: WaiverEntry,
  by: { readonly name: string; readonly keyPem: string; readonly chainPem?: string },
): WaiverEntry['signatures'][number] {
  const key = readKey(by.keyPem);
  const [own] = certificatesOf(by.chainPem ?? '');
  if (by.chainPem !== undefined && own === undefined)
    throw new SbomError('signer', 'the certificate file holds no certificate');
  if (own !== undefined && !new X509Certificate(own).checkPrivateKey(key))
    throw new SbomError('signer', 'the certificate is not that of the key');
  const sig = signBytes(payloadType, payloadOf(waiver), key);
  return { signer: by.name, sig, ...(by.chainPem === undefined ? {} : { cert: by.chainPem }) };
}

/**
 * The waivers that at least two different people have signed, and the rest with the reason. A signature that does not
 * fit, or of someone who is not declared, counts for nothing and is said.
 */
export function verifyWaivers(
  entries: readonly WaiverEntry[],
  signers: Signers | undefined,
  trust: (roots: readonly string[]) => Trust,
): { readonly waivers: readonly Waiver[]; readonly unsigned: readonly Unsigned[] } {
  const waivers: Waiver[] = [];
  const unsigned: Unsigned[] = [];
  const trusted = trust(signers?.roots ?? []);
  for (const entry of entries) {
    const people = new Map<string, string>();
    const keys = new Set<string>();
    const faults: string[] = [];
    for (const signature of entry.signatures) {
      const checked = check(entry, signature, signers, trusted);
      if ('fault' in checked) faults.push(checked.fault);
      else if (people.has(fold(checked.name)) || keys.has(checked.key)) {
        faults.push(`\`${checked.name}\` signed twice`);
      } else {
        people.set(fold(checked.name), checked.name);
        keys.add(checked.key);
      }
    }
    const { signatures: _, ...terms } = entry;
    if (people.size >= 2) waivers.push({ ...terms, signers: [...people.values()] });
    else unsigned.push({ waiver: entry, reason: reasonOf([...people.values()], faults, signers) });
  }
  return { waivers, unsigned };
}

function reasonOf(people: readonly string[], faults: readonly string[], signers: Signers | undefined) {
  if (signers === undefined) return 'no file says who may sign (`--signers`)';
  const has = people.length === 0 ? 'nobody has signed it' : `only \`${people[0]}\` has signed it`;
  return [has, ...faults].join('; ');
}

type Checked = { readonly name: string; readonly key: string } | { readonly fault: string };

function check(
  entry: WaiverEntry,
  { signer, sig, cert }: WaiverEntry['signatures'][number],
  signers: Signers | undefined,
  trusted: Trust,
): Checked {
  const known = cert === undefined ? declared(signer, signers) : certified(signer, cert, trusted);
  if ('fault' in known) return known;
  try {
    if (verifyBytes(payloadType, payloadOf(entry), known.key, sig)) {
      return { name: known.name, key: fingerprint(known.key) };
    }
  } catch {
    // A key of a kind that does not sign: no signature of it fits.
  }
  return { fault: `the signature of \`${signer}\` does not fit these terms` };
}

type Known = { readonly name: string; readonly key: KeyObject } | { readonly fault: string };

function declared(signer: string, signers: Signers | undefined): Known {
  const person = signers?.people.get(fold(signer));
  return person ?? { fault: `\`${signer}\` is no declared signer` };
}

function certified(signer: string, cert: string, trusted: Trust): Known {
  const chain = certificatesOf(cert);
  const answer = trusted(chain);
  if ('fault' in answer) return { fault: `the certificate of \`${signer}\`: ${answer.fault}` };
  if (fold(answer.subject) !== fold(signer))
    return { fault: `the certificate of \`${signer}\` names another` };
  return {
    name: answer.subject,
    key: createPublicKey(new X509Certificate(chain[0]!).publicKey.export({ type: 'spki', format: 'pem' })),
  };
}

/** The terms in an order of their own, so that a file may be written anew without losing its signatures. */
function payloadOf({
  advisory,
  component,
  owner,
  reason,
  expires,
  knownExploited,
  epss,
}: WaiverEntry): Buffer {
  return Buffer.from(
    JSON.stringify({ advisory, component, owner, reason, expires, knownExploited, epss }).normalize('NFC'),
  );
}

/** One person however the name is typed. */
export function fold(name: string): string {
  return name.normalize('NFC').trim().toLowerCase();
}

export function fingerprint(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'der' }).toString('base64');
}
