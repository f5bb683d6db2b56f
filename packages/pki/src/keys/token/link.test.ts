import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../fixtures/city.ts';
import { TokenLink } from './link.ts';

const program = fileURLToPath(new URL('../../fixtures/token-process.ts', import.meta.url));
const open: TokenLink[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((link) => link.close()));
});

async function linkTo(module?: string, more: { patience?: number; away?: number } = {}) {
  const path = module ?? join(await temporaryFolder(), 'died');
  const clock = { now: Date.now };
  const options = {
    module: path,
    token: 'city',
    pin: '1234',
    sessions: 2,
    clock,
    program,
    pause: 5,
    ...more,
  };
  const link = new TokenLink(options);
  open.push(link);
  const key = { id: 'aa', spki: Buffer.alloc(0), algorithm: 'ecdsa-sha256' } as const;
  const sign = async (what: string) =>
    Buffer.from(await link.ask({ act: 'sign', key, data: Buffer.from(what) })).toString();
  return { link, sign, path };
}

describe('the way to a token', () => {
  it('answers every act with its own signature, many at a time', async () => {
    const { link, sign } = await linkTo();
    const texts = Array.from({ length: 200 }, (_, index) => `reading ${index}`);
    expect(await Promise.all(texts.map(sign))).toEqual(texts.map((text) => `signed ${text}`));
    expect(link.health()).toMatchObject({ state: 'ready', waiting: 0, crashes: 0, fault: null });
  });

  it('loses nothing that waits when the process dies, and gives it what it worked on once more', async () => {
    const { link, sign } = await linkTo();
    const all = ['a', 'die-once', ...Array.from({ length: 50 }, (_, index) => `b${index}`)];
    expect(await Promise.all(all.map(sign))).toEqual(all.map((text) => `signed ${text}`));
    expect(link.health()).toMatchObject({ state: 'ready', crashes: 1 });
  });

  it('gives up what ends every process that works on it, and that alone', async () => {
    const { link, sign } = await linkTo();
    const [poison, ...rest] = await Promise.allSettled([
      sign('die'),
      sign('one'),
      sign('two'),
      sign('three'),
    ]);
    expect(poison).toMatchObject({
      reason: { code: 'key-unavailable', message: expect.stringContaining('SIGSEGV') },
    });
    expect(rest).toMatchObject([{ value: 'signed one' }, { value: 'signed two' }, { value: 'signed three' }]);
    expect(await sign('four')).toBe('signed four');
    expect(link.health().crashes).toBe(2);
  });

  it('replaces a process that lost its session, and tells a refusal of one act to that one only', async () => {
    const { link, sign } = await linkTo();
    await expect(sign('refuse')).rejects.toMatchObject({ code: 'key-unavailable', message: 'not permitted' });
    expect(link.health()).toMatchObject({ state: 'ready', crashes: 0 });
    await expect(sign('lose')).rejects.toMatchObject({ message: expect.stringContaining('session closed') });
    expect(await sign('again')).toBe('signed again');
    expect(link.health()).toMatchObject({ state: 'ready', crashes: 0 });
  });

  it('ends a process that hangs, and answers what waited behind it', async () => {
    const { link, sign } = await linkTo(undefined, { patience: 2000 });
    const [hung, next] = await Promise.allSettled([sign('hang'), sign('next')]);
    expect(hung).toMatchObject({ reason: { code: 'key-unavailable' } });
    expect(next).toMatchObject({ value: 'signed next' });
    expect(await sign('later')).toBe('signed later');
    expect(link.health().crashes).toBe(1);
  });

  it('never tries a PIN again that was refused', async () => {
    const { link, sign } = await linkTo('pin');
    await expect(sign('a')).rejects.toMatchObject({ code: 'wrong-pin' });
    await expect(link.opened).rejects.toMatchObject({ code: 'wrong-pin' });
    await expect(sign('b')).rejects.toMatchObject({ code: 'wrong-pin' });
    expect(link.health()).toMatchObject({ state: 'refused', fault: 'PIN incorrect' });
    await expect.poll(() => link.pid).toBeUndefined();
  });

  it('fails what waits for a token that is away, and signs again once it is back', async () => {
    const path = join(await temporaryFolder(), randomBytes(4).toString('hex'));
    await writeFile(`${path}.away`, '');
    const { link, sign } = await linkTo(path, { away: 20 });
    await expect(sign('a')).rejects.toMatchObject({
      code: 'key-unavailable',
      message: 'token `city` cannot be used: no token',
    });
    expect(link.health()).toMatchObject({ state: 'unavailable', fault: 'no token' });
    await rm(`${path}.away`);
    await expect.poll(() => link.health().state, { timeout: 20_000 }).toBe('ready');
    expect(await sign('b')).toBe('signed b');
  });

  it('lets no more wait than it can answer', async () => {
    const { sign } = await linkTo('silent');
    const asked = Promise.allSettled(Array.from({ length: 1001 }, () => sign('a')));
    await expect(sign('b')).rejects.toMatchObject({ code: 'busy' });
    await open.splice(0)[0]!.close();
    expect((await asked).every(({ status }) => status === 'rejected')).toBe(true);
    await expect(sign('c')).rejects.toMatchObject({
      code: 'key-unavailable',
      message: 'program is stopping',
    });
  });
});
