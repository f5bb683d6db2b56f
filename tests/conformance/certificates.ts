import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Certificate, Decision } from '@kydai/contracts';
import { type Authority, certificates, ocspRequestFor, openAuthority, openKeyStore } from '@kydai/pki';
import { openRecords } from '@kydai/store';
// @boundaries-ignore the suite asks as devices do and reads what it got
import {
  type DeviceKey,
  ecKey,
  ed25519Key,
  makeCsr,
  rsaKey,
} from '../../packages/pki/src/fixtures/request.ts';
// @boundaries-ignore what was signed is linted once more, from its bytes
import { findFaults } from '../../packages/pki/src/lint/lint.ts';
// @boundaries-ignore the profiles that the suite must cover
import { allProfiles, authorityProfile, profileOf } from '../../packages/pki/src/profile/profiles.ts';
// @boundaries-ignore what was issued is read from its bytes
import { readCertificate } from '../../packages/pki/src/x509/certificate.ts';
// @boundaries-ignore the request of a person needs a mailbox
import { extension } from '../../packages/pki/src/x509/extension.ts';
import { MissingCorpus, type SuiteOptions, type SuiteResult } from './corpus.ts';

const wanted = Number(process.env['CERTIFICATES'] ?? 10_000);
const now = Date.now();
const clock = { now: () => now };

/**
 * Issues 10,000 certificates (CERTIFICATES=n: that many) of every profile and kind of key, and lets our lint, `openssl
 * verify -x509_strict`, OpenSSL's printer and `certtool --verify --verify-profile=high` check every single one (profile
 * medium for RSA of 2048 bits, which has 112 bits of security and not the 128 that high wants).
 */
export async function run(_options: SuiteOptions): Promise<SuiteResult> {
  for (const program of ['openssl', 'certtool'])
    await shell('/', program, ['--version']).catch(() => {
      throw new MissingCorpus(`${program} is not installed`);
    });
  const folder = await mkdtemp(join(tmpdir(), 'kydai-certificates-'));
  try {
    const { issued, authority } = await issueAll(folder);
    const bySerial = new Map(issued.map((each) => [each.serial, each]));
    await writeFile(join(folder, 'root.pem'), authority.root.pem);
    const issuers = authority.issuers().map((id) => pemOf(authority.certificateOf(id)));
    await writeFile(join(folder, 'all.pem'), issuers.join(''));
    for (const { serial, der } of issued)
      await writeFile(join(folder, `${serial}.pem`), pemOf(Buffer.from(der, 'base64')));
    const failures = [
      ...missingProfiles(issued),
      ...lintAll(issued, authority),
      ...(await verifyAll(folder, issued)),
      ...(await printAll(folder, issued)),
      ...(await certtoolAll(folder, issued)),
    ].map((failure) => named(failure, bySerial));
    const checks = issued.length * 4;
    return { passed: checks - failures.length, failed: failures.length, failures };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function issueAll(folder: string): Promise<{ issued: Certificate[]; authority: Authority }> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const auditKey = {
    publicKeyPem: String(publicKey.export({ format: 'pem', type: 'spki' })),
    privateKeyPem: String(privateKey.export({ format: 'pem', type: 'pkcs8' })),
  };
  const file = join(folder, 'records.db');
  const { records } = await openRecords({ file, clock, auditKey, commits: 'thread' });
  let risky = false;
  const keys = await openKeyStore({ folder: join(folder, 'keys'), passphrase: 'for the suite only' });
  const authority = await openAuthority({
    records,
    keys,
    clock,
    decide: ({ resource }): Decision => {
      const allowed = resource.id !== 'device' || !risky;
      return {
        allowed,
        outcome: allowed ? 'permitted' : 'forbidden',
        determining: [],
        failures: [],
        policySet: '000000000000',
      };
    },
    publicUrl: 'http://pki.example',
    organization: 'Thành phố Huế',
  });
  const issued: Certificate[] = [];
  const issue = async (profile: 'device' | 'service' | 'staff', id: string, key: DeviceKey) => {
    const email = `${id}@hue.example`;
    const name = { kind: 'email', text: email, bytes: Buffer.from(email) } as const;
    const extensions = profile === 'staff' ? [extension.subjectAltName([name], false)] : [];
    const csr = makeCsr(id, key, { extensions });
    issued.push(await authority.issue({ csr, profile, subject: id, by: 'user:suite' }));
  };
  const curves = [() => ecKey(), () => ecKey('P-384'), ed25519Key] as const;
  for (let n = 0; n < 20; n++) {
    await issue('device', `rsa-device-${n}`, rsaKey(2048));
    await issue('service', `rsa-service-${n}`, rsaKey(n < 15 ? 2048 : 3072));
    if (n < 5) await issue('staff', `rsa-staff-${n}`, rsaKey(3072));
  }
  await authority.rollOver('device-ca', 'user:suite');
  // A device at risk gets the profile for quarantine, which only an enrolment leads to.
  risky = true;
  for (let n = 0; n < wanted / 10; n++) {
    const deviceId = `risky-${n}`;
    const wish = { deviceId, kind: 'sensor', zone: 'z', minutes: 60, by: 'user:suite' } as const;
    const { token } = await authority.enrolmentToken(wish);
    issued.push(await authority.enrol({ csr: () => makeCsr(deviceId, curves[n % 3]!()), token }));
  }
  risky = false;
  const rest = wanted - issued.length;
  for (let n = 0; n < rest; n++) {
    const profile = (['device', 'device', 'service', 'staff'] as const)[n % 4]!;
    const makeKey = curves[profile === 'staff' ? (n >> 2) % 2 : (n >> 2) % 3]!;
    await issue(profile, `${profile}-${n}.district-${n % 9}`, makeKey());
  }
  // What the authority makes for itself: authorities and crosses, the server's, the responders'.
  for (const role of ['root', 'service-ca'] as const) await authority.rollOver(role, 'user:suite');
  await authority.serverCertificate({ names: ['pki.example', '10.0.0.1'] });
  await authority.tend();
  await authority.ocsp(
    ocspRequestFor(authority.certificateOf('device-ca-1'), Buffer.from(issued[0]!.der, 'base64')),
  );
  const own = await records.find(certificates, {
    where: { profile: allProfiles().flatMap(({ id }) => (ofTheCity.has(id) ? [] : [id])) },
    limit: 1000,
  });
  const server = await records.find(certificates, { where: { subject: 'kydai' }, limit: 10 });
  issued.push(...[...own.records, ...server.records].map(({ value }) => value));
  await records.close();
  return { issued, authority };
}

const ofTheCity: ReadonlySet<string> = new Set(['device', 'quarantine', 'service', 'staff']);

function missingProfiles(issued: readonly Certificate[]): string[] {
  const seen = new Set(issued.map(({ profile }) => profile));
  return allProfiles().flatMap(({ id }) =>
    seen.has(id) ? [] : [`no certificate of profile ${id} was issued`],
  );
}

function lintAll(issued: readonly Certificate[], authority: Authority): string[] {
  const issuers = new Map(
    authority.issuers().map((id) => [id, readCertificate(authority.certificateOf(id))]),
  );
  return issued.flatMap(({ serial, profile, subject, issuer, der }) => {
    const { tbs } = readCertificate(Buffer.from(der, 'base64'));
    const above = profile === 'root' ? undefined : issuers.get(issuer);
    const kept =
      profile === 'issuing-ca'
        ? authorityProfile(subject.startsWith('device-ca') ? 'device-ca' : 'service-ca', 'pki.example')
        : profileOf(profile);
    return findFaults(tbs, kept, above).map(({ rule, message }) => `${serial} lint: ${rule}: ${message}`);
  });
}

/** `openssl verify` names each file with its verdict; its root is the newest, so the pool holds the crosses too. */
async function verifyAll(folder: string, issued: readonly Certificate[]): Promise<string[]> {
  const failures: string[] = [];
  await inBatches(issued, 500, async (batch) => {
    const args = ['verify', '-x509_strict', '-partial_chain', '-trusted', 'all.pem'];
    const output = await shell(folder, 'openssl', [...args, ...batch.map(({ serial }) => `${serial}.pem`)]);
    const good = new Set(output.split('\n').flatMap((line) => /^(\w+)\.pem: OK$/.exec(line)?.[1] ?? []));
    for (const { serial } of batch)
      if (!good.has(serial)) failures.push(`${serial} openssl verify: ${output.slice(0, 200)}`);
  });
  return failures;
}

/** What `openssl x509 -text` prints, for many in one process: whatever it does not know it prints as octets. */
async function printAll(folder: string, issued: readonly Certificate[]): Promise<string[]> {
  const failures: string[] = [];
  await inBatches(issued, 500, async (batch) => {
    await writeFile(
      join(folder, 'batch.pem'),
      batch.map(({ der }) => pemOf(Buffer.from(der, 'base64'))).join(''),
    );
    await shell(folder, 'openssl', [
      'crl2pkcs7',
      '-nocrl',
      '-certfile',
      'batch.pem',
      '-outform',
      'DER',
      '-out',
      'batch.p7',
    ]);
    const text = await shell(folder, 'openssl', [
      'pkcs7',
      '-inform',
      'DER',
      '-in',
      'batch.p7',
      '-print_certs',
      '-text',
      '-noout',
    ]);
    const printed = text.split(/^Certificate:$/m).slice(1);
    if (printed.length !== batch.length)
      failures.push(`${batch[0]!.serial} openssl read ${printed.length} of ${batch.length}`);
    for (const [index, each] of printed.entries()) {
      const unknown = /^\s+(?:[0-9]+\.){3,}[0-9]+:|Unable to|NOT supported|bad |error/im.exec(
        each.replace(/^\s*2\.5\.29\.56:.*$/m, ''),
      );
      if (unknown !== null) failures.push(`${batch[index]!.serial} openssl x509: ${unknown[0].trim()}`);
    }
  });
  return failures;
}

/** certtool takes one chain a process; a small process starts them, as many at a time as there are cores. */
async function certtoolAll(folder: string, issued: readonly Certificate[]): Promise<string[]> {
  const list = issued.map(
    ({ serial, keyType }) => `${serial} ${keyType === 'RSA-2048' ? 'medium' : 'high'}\n`,
  );
  await writeFile(join(folder, 'list'), list.join(''));
  const one =
    'certtool --verify --load-ca-certificate all.pem --verify-profile=$2 --infile $1.pem 2>&1 | grep -q "Chain verification output: Verified" && echo $1';
  const cores = Math.max(2, availableParallelism());
  const output = await shell(folder, 'xargs', [
    '-a',
    'list',
    '-P',
    String(cores),
    '-L',
    '1',
    'sh',
    '-c',
    one,
    'sh',
  ]);
  const good = new Set(output.split('\n'));
  const bad = issued.filter(({ serial }) => !good.has(serial));
  return Promise.all(
    bad.map(async ({ serial }) => {
      const args = ['--verify', '--load-ca-certificate', 'all.pem', '--infile', `${serial}.pem`];
      return `${serial} certtool: ${(await shell(folder, 'certtool', args)).slice(-300)}`;
    }),
  );
}

async function inBatches<T>(all: readonly T[], size: number, act: (batch: readonly T[]) => Promise<void>) {
  for (let at = 0; at < all.length; at += size) await act(all.slice(at, at + size));
}

function named(failure: string, bySerial: ReadonlyMap<string, Certificate>): string {
  const certificate = bySerial.get(failure.split(' ')[0]!);
  return certificate === undefined ? failure : `${certificate.profile} ${certificate.keyType} ${failure}`;
}

function pemOf(der: Uint8Array): string {
  const lines = Buffer.from(der)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

/** Output of a program whatever its exit code; rejects where it cannot be run. */
function shell(cwd: string, program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { cwd, maxBuffer: 256 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error !== null && (error as NodeJS.ErrnoException).code === 'ENOENT') reject(error);
      else resolve(stdout + stderr);
    });
  });
}
