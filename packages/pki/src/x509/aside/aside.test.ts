import { generateKeyPairSync, sign } from 'node:crypto';
import type { Worker } from 'node:worker_threads';
import { expect, it, vi } from 'vitest';
import { judgeAside } from './aside.ts';
import { readClaims, Verdict, writeClaims } from './messages.ts';

const started: Worker[] = vi.hoisted(() => []);
vi.mock('@kydai/contracts/thread', async (original) => {
  const { startThread } = await original<typeof import('@kydai/contracts/thread')>();
  return {
    startThread(module: URL) {
      const thread = startThread(module);
      started.push(thread);
      return thread;
    },
  };
});

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const spki = publicKey.export({ type: 'spki', format: 'der' });
const claim = (text: string, signed = text) => ({
  spki,
  hash: 'sha256' as const,
  data: Buffer.from(text),
  signature: sign('sha256', Buffer.from(signed), privateKey),
});

it('is checked here where the thread ends before it answers, and by another thread afterwards', async () => {
  expect(await judgeAside(claim('first'))).toBe(Verdict.good);
  const asked = [judgeAside(claim('good')), judgeAside(claim('bad', 'other'))];
  await Promise.all([new Promise((resolve) => setImmediate(resolve)), started[0]!.terminate()]);
  expect(await Promise.all(asked)).toEqual([Verdict.good, Verdict.bad]);
  expect(await judgeAside(claim('next'))).toBe(Verdict.good);
  expect(started).toHaveLength(2);
});

it('is read back as it was written, whatever its lengths', () => {
  const claims = [claim('x'), { ...claim(''), hash: null }, { ...claim('y'), signature: new Uint8Array(0) }];
  const plain = (list: ReturnType<typeof readClaims>) =>
    list.map(({ hash, ...parts }) => [hash, ...Object.values(parts).map((part) => Buffer.from(part))]);
  expect(plain(readClaims(writeClaims(claims)))).toEqual(
    plain(claims.map(({ hash, spki, data, signature }) => ({ spki, hash, data, signature }))),
  );
});
