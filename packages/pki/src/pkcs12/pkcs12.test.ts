import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { hasOpenssl } from '@kydai/contracts/testing';
import { describe, expect, it } from 'vitest';
import { openCity, temporaryFolder } from '../fixtures/city.ts';
import { fromPem } from '../x509/pem.ts';
import { bmpPassword, derive, Purpose } from './derive.ts';
import { makeKeyAndRequest } from './key-and-request.ts';
import { writePkcs12 } from './write.ts';

const passphrase = 'một mật khẩu dài';

async function bundle(legacy = false, secret = passphrase) {
  const city = await openCity();
  const { privateKey, request } = await makeKeyAndRequest({ subject: 'recorder-1', keyType: 'RSA-2048' });
  const [csr] = fromPem('CERTIFICATE REQUEST', request);
  const issued = await city.authority.issue({
    csr: csr!,
    profile: 'device',
    subject: 'recorder-1',
    by: 'user:lan',
  });
  const certificates = [
    Buffer.from(issued.der, 'base64'),
    ...fromPem('CERTIFICATE', city.authority.chainPem('device-ca')),
  ];
  return writePkcs12({ privateKey, certificates, name: 'Đầu ghi số 1', passphrase: secret, legacy });
}

describe('a PKCS #12 bundle', () => {
  it('is opened by Node, with the key and the certificate that belong together', async () => {
    const pfx = Buffer.from(await bundle());
    expect(() => createSecureContext({ pfx, passphrase })).not.toThrow();
    expect(() => createSecureContext({ pfx, passphrase: 'another one' })).toThrow(/mac verify/i);
    pfx[pfx.length - 80]! ^= 1;
    expect(() => createSecureContext({ pfx, passphrase })).toThrow();
  });

  it.runIf(hasOpenssl)(
    'is opened by openssl in both varieties, with every certificate and its name',
    async () => {
      const folder = await temporaryFolder();
      for (const legacy of [false, true]) {
        const file = join(folder, 'bundle.p12');
        await writeFile(file, await bundle(legacy));
        const flags = legacy ? ['-legacy'] : [];
        const text = execFileSync(
          'openssl',
          ['pkcs12', ...flags, '-in', file, '-nodes', '-passin', `pass:${passphrase}`, '-info'],
          { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
        );
        expect(text.match(/BEGIN CERTIFICATE/g)).toHaveLength(3);
        expect(text).toContain('BEGIN PRIVATE KEY');
        expect(new X509Certificate(text.slice(text.indexOf('-----BEGIN CERT'))).subject).toBe(
          'CN=recorder-1',
        );
      }
    },
  );

  it('refuses what it cannot carry', async () => {
    for (const secret of ['short', 'with an emoji 🚨', 'a\u0000control'])
      await expect(bundle(false, secret)).rejects.toMatchObject({ code: 'bad-setting' });
    expect(() =>
      writePkcs12({ privateKey: Buffer.alloc(1), certificates: [], name: 'x', passphrase }),
    ).toThrow(/certificate of its key/);
  });
});

describe('the derivation of PKCS #12', () => {
  // The values that Bouncy Castle and OpenSSL test themselves against.
  it.each([
    ['smeg', '0a58cf64530d823f', Purpose.key, 1, 24, '8aaae6297b6cb04642ab5b077851284eb7128f1a2a7fbca3'],
    ['smeg', '0a58cf64530d823f', Purpose.iv, 1, 8, '79993dfe048d3b76'],
    ['smeg', '3d83c0e4546ac140', Purpose.mac, 1, 20, '8d967d88f6caa9d714800ab3d48051d63f73a312'],
    ['queeg', '1682c0fc5b3f7ec5', Purpose.key, 1000, 24, '483dd6e919d7de2e8e648ba8f862f3fbfbdc2bcb2c02957f'],
  ] as const)('of %s with %s for %d', (text, salt, purpose, iterations, octets, expected) => {
    const made = derive('sha1', bmpPassword(text), Buffer.from(salt, 'hex'), { purpose, iterations, octets });
    expect(made.toString('hex')).toBe(expected);
  });
});
