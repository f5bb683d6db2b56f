import { type Cryptoki, CryptokiError, Returned } from './cryptoki.ts';
import type { Open } from './messages.ts';
import { ulong } from './objects.ts';
import { Session } from './token.ts';

/** The token refused the PIN, or would lock itself at the next wrong one. */
export class PinRefused extends Error {}

const Flag = { pinFinalTry: 0x20000, pinLocked: 0x40000 } as const;
const osLocking = 2;
const serialSession = 4;
const readWrite = 2;
const user = 1;

/**
 * Finds the token by its label, opens sessions and logs in once. @throws PinRefused; CryptokiError for all else that the
 * module says
 */
export async function openSessions(cryptoki: Cryptoki, wanted: Open): Promise<readonly Session[]> {
  const sessions = await initialize(cryptoki, wanted.sessions);
  const slot = await findSlot(cryptoki, wanted.token);
  const handles: number[] = [];
  for (let count = 0; count < sessions; count++) {
    const handle = ulong(0);
    await cryptoki.call('C_OpenSession', slot, serialSession | readWrite, null, null, handle);
    handles.push(Number(handle.readBigUInt64LE()));
  }
  await logIn(cryptoki, handles[0]!, wanted.pin);
  return handles.map((handle) => new Session(cryptoki, slot, handle));
}

/** Resolves to how many sessions may be used: one, where the module knows no threads. */
async function initialize(cryptoki: Cryptoki, sessions: number): Promise<number> {
  const options = Buffer.alloc(48);
  options.writeBigUInt64LE(BigInt(osLocking), 32);
  try {
    await cryptoki.call('C_Initialize', options);
    return sessions;
  } catch (error) {
    if (!(error instanceof CryptokiError) || error.returned !== Returned.cannotLock) throw error;
    await cryptoki.call('C_Initialize', null);
    return 1;
  }
}

async function findSlot(cryptoki: Cryptoki, label: string): Promise<number> {
  const count = ulong(0);
  await cryptoki.call('C_GetSlotList', 1, null, count);
  const slots = Buffer.alloc(8 * Math.max(1, Math.min(1024, Number(count.readBigUInt64LE()))));
  count.writeBigUInt64LE(BigInt(slots.length / 8));
  await cryptoki.call('C_GetSlotList', 1, slots, count);
  const found: { slot: number; flags: number }[] = [];
  for (let index = 0; index < Number(count.readBigUInt64LE()); index++) {
    const slot = Number(slots.readBigUInt64LE(index * 8));
    // CK_TOKEN_INFO: label 32, manufacturer 32, model 16, serial number 16, flags.
    const info = Buffer.alloc(256);
    await cryptoki.call('C_GetTokenInfo', slot, info);
    if (info.toString('utf8', 0, 32).trimEnd() === label)
      found.push({ slot, flags: Number(info.readBigUInt64LE(96)) });
  }
  const [only, ...more] = found;
  if (only === undefined) throw new Error(`there is no token with the label \`${label}\``);
  if (more.length > 0) throw new Error(`several tokens have the label \`${label}\``);
  if ((only.flags & Flag.pinLocked) !== 0) throw new PinRefused('PIN of the token is locked');
  if ((only.flags & Flag.pinFinalTry) !== 0)
    throw new PinRefused('one more wrong PIN would lock the token; log in by hand first');
  return only.slot;
}

async function logIn(cryptoki: Cryptoki, session: number, pin: string): Promise<void> {
  const octets = Buffer.alloc(Buffer.byteLength(pin));
  octets.write(pin);
  try {
    await cryptoki.call('C_Login', session, user, octets, octets.length);
  } catch (error) {
    if (!(error instanceof CryptokiError) || error.returned === Returned.alreadyLoggedIn) {
      if (error instanceof CryptokiError) return;
      throw error;
    }
    if (error.returned >= Returned.pinIncorrect && error.returned <= Returned.pinLocked)
      throw new PinRefused(`token refused the PIN: ${error.message}`);
    throw error;
  } finally {
    octets.fill(0);
  }
}
