import { type Certificate, type Clock, type RecordStore, type Write, write } from '@kydai/contracts';
import { certificates } from '../register/kinds.ts';
import { retryOnConflict } from '../register/retry.ts';
import { type PrimeSearch, primeSearches, rsaKeyPages, rsaKeysPerPage } from '../register/rsa-keys.ts';
import { readCertificate } from '../x509/certificate.ts';
import { readPublicKey } from '../x509/public-key.ts';
import { numberOf } from './arithmetic.ts';

/** A key that was certified, by its first certificate. */
export interface KnownKey {
  readonly serial: string;
  readonly modulus: bigint;
}

/** Certificates that one round looks at. */
const mostScanned = 5000;
const pageSize = 500;
/** A commit may come this long after the moment that its certificate names. */
const settled = 10_000;

/** How far the search has come, and the version of the record that says so. */
export interface Progress {
  readonly value: PrimeSearch;
  readonly version: number | undefined;
}

/** The RSA keys that were certified, each once, read out of the certificates as they are issued. */
export class KeyPages {
  readonly #records: RecordStore;
  readonly #clock: Clock;

  constructor(records: RecordStore, clock: Clock) {
    this.#records = records;
    this.#clock = clock;
  }

  async progress(): Promise<Progress> {
    const stored = await this.#records.get(primeSearches, 'search');
    return stored ?? { value: { id: 'search', issued: 0, keys: 0, compared: 0 }, version: undefined };
  }

  /** So many keys were compared with all before them. */
  async compared(keys: number): Promise<void> {
    await retryOnConflict(async () => {
      const now = await this.progress();
      if (now.value.compared < keys)
        await this.#records.commit([progressWrite(now, { ...now.value, compared: keys })]);
    });
  }

  /** Adds the keys of certificates that were issued since the last round to the pages. */
  async collect(): Promise<void> {
    await retryOnConflict(() => this.#collect());
  }

  async #collect(): Promise<void> {
    for (let scanned = 0; scanned < mostScanned; ) {
      const search = await this.progress();
      const until = this.#clock.now() - settled;
      const where = { issued: { gte: search.value.issued, lt: until } };
      const query = { where, order: 'issued', limit: pageSize, total: false };
      const page = (await this.#records.find(certificates, query)).records.map(({ value }) => value);
      if (page.length === 0) return;
      scanned += page.length;
      const full = page.length === pageSize;
      const last = page.at(-1)!.issued;
      // A full page may end amid those of one moment: they come with the next, unless they fill a page.
      const whole = full && page[0]!.issued < last ? page.filter(({ issued }) => issued < last) : page;
      const issued = full && whole.length < page.length ? last : last + 1;
      const lines = await this.#newKeys(whole);
      await this.#append(search, issued, lines);
      if (!full) return;
    }
  }

  async #newKeys(page: readonly Certificate[]): Promise<string[]> {
    const lines = new Map<string, string>();
    for (const { keyType, keyDigest: digest, issued, serial, der } of page) {
      if (!keyType.startsWith('RSA-') || lines.has(digest)) continue;
      const before = { keyDigest: digest, issued: { lt: issued } };
      if ((await this.#records.count(certificates, before)) > 0) continue;
      const modulus = modulusOf(der);
      if (modulus !== undefined) lines.set(digest, `${serial} ${Buffer.from(modulus).toString('base64')}\n`);
    }
    return [...lines.values()];
  }

  async #append(search: Progress, issued: number, lines: readonly string[]): Promise<void> {
    const { value } = search;
    const writes: Write[] = [progressWrite(search, { ...value, issued, keys: value.keys + lines.length })];
    for (let at = value.keys, left = [...lines]; left.length > 0; ) {
      const number = Math.floor(at / rsaKeysPerPage);
      const added = left.slice(0, rsaKeysPerPage - (at % rsaKeysPerPage));
      const stored = await this.#records.get(rsaKeyPages, String(number));
      const page = { number, lines: (stored?.value.lines ?? '') + added.join('') };
      writes.push(
        stored === undefined
          ? write.insert(rsaKeyPages, page)
          : write.update(rsaKeyPages, page, stored.version),
      );
      at += added.length;
      left = left.slice(added.length);
    }
    await this.#records.commit(writes);
  }

  /** The keys from one place up to another, by pages. */
  async *keys(from: number, to: number): AsyncGenerator<KnownKey[]> {
    for (let at = from; at < to; ) {
      const number = Math.floor(at / rsaKeysPerPage);
      const page = await this.#records.get(rsaKeyPages, String(number));
      const first = number * rsaKeysPerPage;
      const lines = (page?.value.lines ?? '').split('\n').slice(at - first, to - first);
      yield lines.filter((line) => line !== '').map(readLine);
      at = first + rsaKeysPerPage;
    }
  }
}

function progressWrite({ version }: Progress, value: PrimeSearch): Write {
  return version === undefined
    ? write.insert(primeSearches, value)
    : write.update(primeSearches, value, version);
}

function readLine(line: string): KnownKey {
  const [serial = '', modulus = ''] = line.split(' ');
  return { serial, modulus: numberOf(Buffer.from(modulus, 'base64')) };
}

/** The modulus of a certificate of an RSA key, base64 DER; undefined for another key. */
export function modulusOf(der: string): Uint8Array | undefined {
  return readPublicKey(readCertificate(Buffer.from(der, 'base64')).publicKey).rsa?.modulus;
}
