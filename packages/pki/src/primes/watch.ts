import { createHash } from 'node:crypto';
import { type Certificate, type Clock, type RecordStore, write } from '@kydai/contracts';
import { PkiError } from '../error.ts';
import { certificates } from '../register/kinds.ts';
import { retryOnConflict } from '../register/retry.ts';
import { type SharedPrime, sharedPrimes } from '../register/rsa-keys.ts';
import { keyDigest, type PublicKey } from '../x509/public-key.ts';
import { greatestCommonDivisor, numberOf, sharing } from './arithmetic.ts';
import { commonFactors } from './compare.ts';
import { KeyPages, type KnownKey, modulusOf } from './key-pages.ts';

/** Newest keys that a new one is held against before it is certified: 7 us each for 2048 bits. */
const mostRecent = 512;
/** Findings against whose keys every new one is held, too. */
const mostWeak = 256;
/** Keys that one round compares with all before them, in 0.1 ms for each of those. */
const mostCompared = 512;
const mostNamed = 1000;

/**
 * Looks for RSA keys that share a prime, as those of devices do that make their keys before they have gathered
 * randomness. A key that does so with one of the newest is not certified; every key is compared with every other in
 * rounds, some time after it was certified, and what is found is kept until a person has seen to it.
 *
 * INVARIANT: each key that was certified is compared with all that were certified before it: a round that is killed is
 * done again.
 */
export class PrimeWatch {
  readonly #records: RecordStore;
  readonly #pages: KeyPages;
  readonly #clock: Clock;
  readonly #recent: KnownKey[] = [];
  readonly #weak: KnownKey[] = [];
  readonly #untold: SharedPrime[] = [];

  constructor(records: RecordStore, clock: Clock) {
    this.#records = records;
    this.#pages = new KeyPages(records, clock);
    this.#clock = clock;
  }

  /** Reads the newest keys and those that were found weak. */
  async open(): Promise<void> {
    const search = await this.#pages.progress();
    const from = Math.max(0, search.value.keys - mostRecent);
    for await (const page of this.#pages.keys(from, search.value.keys)) this.#recent.push(...page);
    const where = { order: '-found', limit: mostWeak, total: false };
    for (const { value } of (await this.#records.find(sharedPrimes, where)).records)
      this.#weak.push(...(await this.#knownOf(value)));
  }

  /**
   * Throws `weak-key` for a key that shares a prime with one of the newest or with one that was found weak. What it is
   * shared with is told in the audit log and not to who asked.
   */
  async refuseShared(key: PublicKey): Promise<void> {
    if (key.rsa === undefined) return;
    const modulus = numberOf(key.rsa.modulus);
    let found = sharing(modulus, [...this.#weak, ...this.#recent]);
    if (found.length === 0) return;
    // Its own certificates of before do not count against it.
    if ((await this.#records.count(certificates, { keyDigest: keyDigest(key) })) > 0)
      found = found.filter((known) => known.modulus !== modulus);
    if (found.length === 0) return;
    for (const known of found)
      await this.#file(greatestCommonDivisor(modulus, known.modulus), [known.serial]);
    throw new PkiError(
      'weak-key',
      'RSA key shares a prime with another one, so that anybody can reckon it; make a new key where there is more randomness',
    );
  }

  /** To be called with every certificate that was issued. */
  learn({ serial, keyType, der }: Certificate): void {
    if (!keyType.startsWith('RSA-')) return;
    const octets = modulusOf(der);
    const modulus = octets === undefined ? 0n : numberOf(octets);
    // At its renewals a key is known.
    if (modulus === 0n || this.#recent.some((known) => known.modulus === modulus)) return;
    this.#recent.push({ serial, modulus });
    if (this.#recent.length > mostRecent) this.#recent.shift();
  }

  /** One round of comparing, bounded. Resolves to what was found since the last. */
  async round(): Promise<readonly SharedPrime[]> {
    await this.#pages.collect();
    await this.#compare();
    return this.#untold.splice(0);
  }

  /** Compares the next keys with one another and with all before them. */
  async #compare(): Promise<void> {
    const { compared, keys } = (await this.#pages.progress()).value;
    const end = Math.min(keys, compared + mostCompared);
    if (compared === end) return;
    const fresh: KnownKey[] = [];
    for await (const page of this.#pages.keys(compared, end)) fresh.push(...page);
    const factors = await commonFactors(fresh.map(octetsOf), this.#octets(compared));
    for (const factor of factors) {
      const serials: string[] = [];
      for await (const page of this.#pages.keys(0, end))
        serials.push(...sharing(factor, page).map(({ serial }) => serial));
      await this.#file(factor, serials);
    }
    await this.#pages.compared(end);
  }

  /** Keeps a finding, or adds keys to it; nothing where they are in it. */
  async #file(factor: bigint, serials: readonly string[]): Promise<void> {
    const id = createHash('sha256').update(factor.toString(16)).digest('hex').slice(0, 16);
    await retryOnConflict(async () => {
      const stored = await this.#records.get(sharedPrimes, id);
      const before = stored?.value.keys ?? [];
      const added = serials.filter((serial) => before.every((key) => key.serial !== serial));
      const held = await Promise.all(
        added.slice(0, mostNamed - before.length).map((serial) => this.#records.get(certificates, serial)),
      );
      const fresh = held.flatMap((each) =>
        each === undefined
          ? []
          : [{ serial: each.value.serial, subject: each.value.subject, keyDigest: each.value.keyDigest }],
      );
      if (fresh.length === 0) return;
      const found = this.#clock.now();
      const finding: SharedPrime = { id, found, keys: [...before, ...fresh] };
      await this.#records.commit(
        [
          stored === undefined
            ? write.insert(sharedPrimes, finding)
            : write.update(sharedPrimes, finding, stored.version),
        ],
        fresh.map(({ serial, subject }) => ({
          at: found,
          actor: 'system',
          action: 'key.shared-prime',
          target: `certificate:${serial}`,
          detail: { subject, finding: id, keys: finding.keys.length },
        })),
      );
      this.#untold.push({ ...finding, keys: fresh });
      if (stored === undefined) this.#weak.push(...(await this.#knownOf(finding)));
      if (this.#weak.length > mostWeak) this.#weak.shift();
    });
  }

  /** One key of a finding, which stands for all: it has the common factor. */
  async #knownOf({ keys }: SharedPrime): Promise<KnownKey[]> {
    const first = await this.#records.get(certificates, keys[0]!.serial);
    const modulus = first === undefined ? undefined : modulusOf(first.value.der);
    return modulus === undefined ? [] : [{ serial: keys[0]!.serial, modulus: numberOf(modulus) }];
  }

  async *#octets(to: number): AsyncGenerator<Uint8Array[]> {
    for await (const page of this.#pages.keys(0, to)) yield page.map(octetsOf);
  }
}

function octetsOf({ modulus }: KnownKey): Uint8Array {
  const hex = modulus.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
}
