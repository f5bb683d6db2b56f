import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const derive = promisify<string, Buffer, number, Buffer>(scrypt);

/**
 * Remembers a PIN that a token refused, as a salted scrypt hash beside the keys, so that a program that is started again
 * and again does not lock the token. Another PIN is tried.
 */
export class RefusedPin {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  async is(pin: string): Promise<boolean> {
    const text = await readFile(this.#file, 'utf8').catch(() => '');
    const [salt = '', hash = ''] = text.trim().split(' ');
    const kept = Buffer.from(hash, 'base64');
    return kept.length === 32 && timingSafeEqual(await derive(pin, Buffer.from(salt, 'base64'), 32), kept);
  }

  async remember(pin: string): Promise<void> {
    const salt = randomBytes(16);
    const hash = await derive(pin, salt, 32);
    await writeFile(this.#file, `${salt.toString('base64')} ${hash.toString('base64')}\n`, { mode: 0o600 });
  }

  async forget(): Promise<void> {
    await rm(this.#file, { force: true });
  }
}
