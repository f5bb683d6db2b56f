import { createPublicKey, verify } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fastCost, passphrase, temporaryFolder } from '../fixtures/city.ts';
import { type KeyStore, openKeyStore } from './key-store.ts';

async function open(folder?: string): Promise<{ folder: string; keys: KeyStore }> {
  const path = folder ?? (await temporaryFolder());
  return { folder: path, keys: await openKeyStore({ folder: path, passphrase, cost: fastCost }) };
}

describe('a folder of keys', () => {
  it.each(['EC-P256', 'EC-P384', 'Ed25519', 'RSA-2048'] as const)(
    'keeps a key of %s over a restart',
    async (type) => {
      const { folder, keys } = await open();
      const made = await keys.create('device-ca-1', type);
      const again = await (await open(folder)).keys.open('device-ca-1');
      const data = Buffer.from('Kỳ Đài');
      const signature = await again!.sign(data);
      const publicKey = createPublicKey({
        key: Buffer.from(made.publicKey.spki),
        format: 'der',
        type: 'spki',
      });
      const hash =
        { 'EC-P384': 'sha384', Ed25519: null }[type as string] ?? (type === 'Ed25519' ? null : 'sha256');
      expect(verify(hash, data, publicKey, signature)).toBe(true);
      expect(await keys.list()).toEqual(['device-ca-1']);
    },
  );

  it('holds no private key in the clear, and only for its owner', async () => {
    const { folder, keys } = await open();
    await keys.create('server-1', 'EC-P256', { exportable: true });
    const pem = await keys.exportPem('server-1');
    expect(pem).toContain('BEGIN PRIVATE KEY');
    const secret = pem.split('\n').slice(1, -2).join('');
    for (const name of await readdir(folder)) {
      expect(await readFile(join(folder, name), 'utf8')).not.toContain(secret.slice(40, 80));
      expect((await stat(join(folder, name))).mode & 0o077).toBe(0);
    }
  });

  it('refuses another passphrase, a short one, and to give away what is not exportable', async () => {
    const { folder, keys } = await open();
    await keys.create('root-1', 'EC-P256');
    await expect(openKeyStore({ folder, passphrase: 'something else' })).rejects.toMatchObject({
      code: 'wrong-passphrase',
    });
    await expect(openKeyStore({ folder, passphrase: 'short' })).rejects.toMatchObject({
      code: 'bad-setting',
    });
    await expect(keys.exportPem('root-1')).rejects.toMatchObject({ code: 'key-not-exportable' });
    await expect(keys.exportPem('none')).rejects.toMatchObject({ code: 'key-missing' });
    await expect(keys.create('root-1', 'EC-P256')).rejects.toMatchObject({ code: 'key-exists' });
    for (const id of ['../x', 'A', '', 'a/b', '.']) {
      await expect(keys.open(id)).rejects.toMatchObject({ code: 'bad-setting' });
    }
  });

  it('notices files that were exchanged, changed or cut off', async () => {
    const { folder, keys } = await open();
    await keys.create('a', 'EC-P256');
    await keys.create('b', 'EC-P256', { exportable: true });
    const path = (id: string): string => join(folder, `${id}.key.json`);
    const text = await readFile(path('a'), 'utf8');
    await writeFile(path('b'), text);
    await expect(keys.open('b')).rejects.toMatchObject({ code: 'key-damaged' });
    await writeFile(path('b'), text.replace('"id":"a"', '"id":"b"'));
    await expect(keys.open('b')).rejects.toMatchObject({ code: 'key-damaged' });
    await writeFile(path('a'), text.replace('"exportable":false', '"exportable":true'));
    await expect(keys.exportPem('a')).rejects.toMatchObject({ code: 'key-damaged' });
    await writeFile(path('a'), text.slice(0, 100));
    await expect(keys.open('a')).rejects.toMatchObject({ code: 'key-damaged' });
  });
});
