import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Certificate, Decision } from '@kydai/contracts';
import { certificates, ocspRequestFor, openAuthority, openKeyStore } from '@kydai/pki';
import { openRecords } from '@kydai/store';
// @boundaries-ignore the bench asks as devices do and reads what it got
import {
  type DeviceKey,
  ecKey,
  ed25519Key,
  makeCsr,
  rsaKey,
} from '../../packages/pki/src/fixtures/request.ts';
// @boundaries-ignore the bench asks as devices do and reads what it got
import { extension } from '../../packages/pki/src/x509/extension.ts';

type Emit = (figure: { name: string; value: number; unit: string }) => void;

const shell = promisify(execFile);
const wanted = Number(process.env['CERTIFICATES'] ?? 10_000);
const now = Date.now();
const clock = { now: () => now };

/**
 * Issues 10,000 certificates (CERTIFICATES=n: that many) of every profile and kind of key, each through our lint, and lets `openssl verify
 * -x509_strict` check all of them and `certtool --verify --verify-profile=high` a sample of each kind (profile medium
 * for RSA of 2048 bits, which has 112 bits of security). Fails when one of them finds a fault.
 */
export async function run(emit: Emit): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'kydai-bench-certificates-'));
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const auditKey = {
    publicKeyPem: String(publicKey.export({ format: 'pem', type: 'spki' })),
    privateKeyPem: String(privateKey.export({ format: 'pem', type: 'pkcs8' })),
  };
  const { records } = await openRecords({
    file: join(folder, 'records.db'),
    clock,
    auditKey,
    commits: 'thread',
  });
  try {
    const keys = await openKeyStore({ folder: join(folder, 'keys'), passphrase: 'for the bench only' });
    const authority = await openAuthority({
      records,
      keys,
      clock,
      decide: ({ resource }): Decision => ({
        allowed: resource.id !== 'device' || !risky,
        outcome: resource.id !== 'device' || !risky ? 'permitted' : 'forbidden',
        determining: [],
        failures: [],
        policySet: '000000000000',
      }),
      publicUrl: 'http://pki.example',
      organization: 'Thành phố Huế',
    });
    const issued: Certificate[] = [];
    const issue = async (profile: 'device' | 'service' | 'staff', id: string, key: DeviceKey) =>
      issued.push(await authority.issue({ csr: makeCsr(id, key), profile, subject: id, by: 'user:bench' }));
    for (let n = 0; n < 20; n++) {
      await issue('device', `rsa-device-${n}`, rsaKey(2048));
      await issue('service', `rsa-service-${n}`, rsaKey(3072));
    }
    for (let n = 0; n < 200; n++) {
      const id = `staff-${n}`;
      const email = `${id}@hue.example`;
      const name = { kind: 'email', text: email, bytes: Buffer.from(email) } as const;
      const csr = makeCsr(id, ecKey('P-384'), { extensions: [extension.subjectAltName([name], false)] });
      issued.push(await authority.issue({ csr, profile: 'staff', subject: id, by: 'user:bench' }));
    }
    // A device at risk gets the profile for quarantine, which only an enrolment leads to.
    risky = true;
    for (let n = 0; n < 500; n++) {
      const deviceId = `risky-${n}`;
      const { token } = await authority.enrolmentToken({
        deviceId,
        kind: 'sensor',
        zone: 'z',
        minutes: 60,
        by: 'user:bench',
      });
      issued.push(await authority.enrol({ csr: () => makeCsr(deviceId), token }));
    }
    const rest = wanted - issued.length;
    for (let n = 0; n < rest; n++) {
      const profile = n % 5 === 0 ? 'service' : 'device';
      await issue(profile, `${profile}-${n}.district-${n % 9}`, n % 7 === 0 ? ed25519Key() : ecKey());
    }
    // What the authority makes for itself: our server's, a responder's, and the issuing authorities.
    await authority.serverCertificate({ names: ['pki.example', '10.0.0.1'] });
    const [first] = issued;
    await authority.ocsp(
      ocspRequestFor(authority.certificateOf('device-ca'), Buffer.from(first!.der, 'base64')),
    );
    const own = await records.find(certificates, {
      where: { profile: ['issuing-ca', 'ocsp-responder-device-ca'], issued: { gt: 0 } },
    });
    for (const { value } of own.records) issued.push(value);
    emit({ name: 'certificates.issued', value: issued.length, unit: 'certificates' });
    await check(
      folder,
      authority.root.pem,
      [authority.chainPem('device-ca'), authority.chainPem('service-ca')],
      issued,
      emit,
    );
  } finally {
    await records.close();
    await rm(folder, { recursive: true, force: true });
  }
}

let risky = false;

async function check(
  folder: string,
  rootPem: string,
  chains: readonly string[],
  issued: readonly Certificate[],
  emit: Emit,
): Promise<void> {
  await writeFile(join(folder, 'root.pem'), rootPem);
  await writeFile(join(folder, 'ca.pem'), chains.join(''));
  const files: string[] = [];
  for (const { serial, der } of issued) {
    const lines = der.replace(/.{64}/g, '$&\n').trimEnd();
    await writeFile(
      join(folder, `${serial}.pem`),
      `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    );
    files.push(`${serial}.pem`);
  }
  let good = 0;
  for (let at = 0; at < files.length; at += 500) {
    const args = [
      'verify',
      '-x509_strict',
      '-CAfile',
      'root.pem',
      '-untrusted',
      'ca.pem',
      ...files.slice(at, at + 500),
    ];
    const { stdout } = await shell('openssl', args, { cwd: folder, maxBuffer: 64 * 1024 * 1024 });
    good += stdout.split('\n').filter((line) => line.endsWith(': OK')).length;
  }
  emit({ name: 'certificates.openssl', value: good, unit: 'certificates' });
  if (good !== issued.length) throw new Error(`openssl refused ${issued.length - good} certificates`);

  const kinds = new Map<string, number>();
  let sampled = 0;
  for (const { serial, profile, keyType } of issued) {
    const kind = `${profile} ${keyType}`;
    const seen = kinds.get(kind) ?? 0;
    kinds.set(kind, seen + 1);
    if (seen >= 20) continue;
    const level = keyType === 'RSA-2048' ? 'medium' : 'high';
    const args = [
      '--verify',
      '--load-ca-certificate',
      'all.pem',
      `--verify-profile=${level}`,
      '--infile',
      `${serial}.pem`,
    ];
    if (sampled === 0) await writeFile(join(folder, 'all.pem'), chains.join('') + rootPem);
    const { stdout } = await shell('certtool', args, { cwd: folder });
    if (!stdout.includes('Chain verification output: Verified'))
      throw new Error(`certtool refused ${kind}: ${stdout}`);
    sampled += 1;
  }
  emit({ name: 'certificates.certtool', value: sampled, unit: 'certificates' });
  emit({ name: 'certificates.kinds', value: kinds.size, unit: 'kinds' });
}
