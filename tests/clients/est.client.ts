import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Program } from '../program.ts';
import { type Checks, shell } from './checks.ts';

/** A device that has nothing but openssl and curl: it enrols, renews, is revoked, and is turned away when it errs. */
export async function run(program: Program, checks: Checks): Promise<void> {
  const { folder, addresses } = program;
  const sh = (line: string) => shell(folder, line);
  await sh(`curl -fsS ${addresses.status}/pki/ca/root.pem -o root.pem`);

  const keys = {
    'cam-ec': 'openssl ecparam -name prime256v1 -genkey -noout',
    'cam-rsa': 'openssl genrsa',
  };
  for (const [device, generate] of Object.entries(keys)) {
    const made = await program.cli('pki', 'token', device, '--kind', 'camera', '--zone', 'district-1');
    checks.equal(`${device}: a token is made`, made.code, 0);
    // The commands that the program prints are run as they stand; for RSA only the key's line is another one.
    const commands = made.stdout
      .slice(made.stdout.indexOf('  curl '))
      .replace(/openssl ecparam[^-]*-name prime256v1 -genkey -noout/, generate);
    const enrolled = await sh(commands);
    checks.equal(`${device}: the printed commands enrol it`, enrolled.code, 0);
    if (enrolled.code !== 0) checks.fail(`${device}: enrolment`, enrolled.output);

    const verified = await sh(`openssl verify -x509_strict -CAfile root.pem -untrusted ca.pem ${device}.pem`);
    checks.matches(`${device}: openssl verify accepts the certificate`, verified.output, /: OK/);
    const subject = await sh(`openssl x509 -in ${device}.pem -noout -subject -ext subjectAltName`);
    checks.matches(
      `${device}: it names the device`,
      subject.output,
      new RegExp(`CN ?= ?${device}[\\s\\S]*DNS:${device}`),
    );

    const renewed = await sh(
      `openssl req -new -key ${device}.key -subj /CN=${device} -outform DER | base64 > ${device}.csr2
       curl -fsS --cacert root.pem --cert ${device}.pem --key ${device}.key -H 'content-type: application/pkcs10' \
         --data-binary @${device}.csr2 ${addresses.devices}/.well-known/est/simplereenroll -o ${device}.p7b
       base64 -d ${device}.p7b | openssl pkcs7 -inform DER -print_certs -out ${device}.new.pem
       openssl verify -CAfile root.pem -untrusted ca.pem ${device}.new.pem`,
    );
    checks.matches(`${device}: simplereenroll renews it`, renewed.output, /: OK/);
  }

  const list = await program.cli('pki', 'list', '--device', 'cam-ec', '--json');
  const inventory = JSON.parse(list.stdout) as { serial: string; notAfter: number }[];
  checks.equal('the inventory holds both certificates of the device', inventory.length, 2);

  await sh(
    `url=$(openssl x509 -in cam-ec.pem -noout -ext authorityInfoAccess | sed -n 's/.*CA Issuers - URI://p')
     curl -fsS "$url" | openssl x509 -inform DER -out issuer.pem`,
  );
  await ocsp('good');
  const serial = (await sh('openssl x509 -in cam-ec.pem -noout -serial')).output
    .trim()
    .replace('serial=', '')
    .toLowerCase();
  const revoked = await program.cli('pki', 'revoke', serial, '--reason', 'keyCompromise');
  checks.equal('the operator revokes the first certificate', revoked.code, 0);
  await ocsp('revoked');

  const url = (await sh('openssl x509 -in cam-ec.pem -noout -ext crlDistributionPoints')).output.match(
    /URI:(\S+)/,
  )?.[1];
  const listed = await sh(
    `curl -fsS '${url}' -o ca.crl && openssl crl -inform DER -in ca.crl -noout -text | tr 'A-F' 'a-f'`,
  );
  checks.ok(
    'the CRL at the distribution point lists it',
    listed.output.includes(serial),
    listed.output.slice(0, 500),
  );
  const checkedCrl = await sh(
    'openssl crl -inform DER -in ca.crl -out ca.crl.pem; openssl verify -crl_check -CRLfile ca.crl.pem -CAfile root.pem -untrusted ca.pem cam-ec.pem || true',
  );
  checks.matches('openssl verify -crl_check refuses it as revoked', checkedCrl.output, /certificate revoked/);

  await recipe();
  await refusals();

  async function ocsp(expected: string): Promise<void> {
    const asked = await sh(
      `openssl ocsp -issuer issuer.pem -cert cam-ec.pem -url ${addresses.status}/pki/ocsp -CAfile root.pem -resp_text 2>&1`,
    );
    checks.matches(`openssl ocsp verifies the answer while ${expected}`, asked.output, /Response verify OK/);
    checks.matches(`openssl ocsp hears ${expected}`, asked.output, new RegExp(`cam-ec\\.pem: ${expected}`));
  }

  /** Each block of the recipe for tiny devices, as it stands there. */
  async function recipe(): Promise<void> {
    const text = readFileSync(join(import.meta.dirname, '../../docs/device-openssl.md'), 'utf8');
    const block = (name: string): string =>
      new RegExp(`\`\`\`sh ${name}\\n([\\s\\S]*?)\`\`\``).exec(text)?.[1] ?? 'exit 9';
    const token = (await program.cli('pki', 'token', 'tiny-1', '--kind', 'sensor', '--quiet')).stdout.trim();
    const settings = block('settings')
      .replace('cam-001', 'tiny-1')
      .replace('kde_from-the-operator', token)
      .replaceAll('https://127.0.0.1:8471', addresses.devices)
      .replace('http://127.0.0.1:8472', addresses.status);
    const step = (name: string) => sh(`mkdir -p tiny && cd tiny\n${settings}\n${block(name)}`);
    checks.equal('recipe: trust', (await step('trust')).code, 0);
    checks.matches('recipe: enrol', (await step('enrol')).output, /pem\.new: OK/);
    const before = readFileSync(join(folder, 'tiny/tiny-1.pem'), 'utf8');
    await sh('rm tiny/tiny-1.pem');
    checks.matches('recipe: enrol again after a power cut', (await step('enrol')).output, /pem\.new: OK/);
    checks.equal(
      'recipe: and it is the same certificate',
      readFileSync(join(folder, 'tiny/tiny-1.pem'), 'utf8'),
      before,
    );
    checks.matches('recipe: publish', (await step('publish')).output, /"kept":true/);
    checks.matches('recipe: a fresh certificate is not due', (await step('due')).output, /not before 2/);
    checks.matches('recipe: renew', (await step('renew')).output, /pem\.new: OK/);
    checks.ok(
      'recipe: with another certificate',
      readFileSync(join(folder, 'tiny/tiny-1.pem'), 'utf8') !== before,
    );
    checks.matches('recipe: publish with it', (await step('publish')).output, /"kept":true/);
    checks.matches('recipe: status', (await step('status')).output, /tiny-1\.pem: good/);
  }

  /** Bad input gets a clear answer, and the program goes on. */
  async function refusals(): Promise<void> {
    const post = (path: string, body: string, more = '') =>
      sh(
        `curl -sS -o answer.txt -w '%{http_code}' --cacert root.pem ${more} -H 'content-type: application/pkcs10' --data-binary @${body} ${addresses.devices}/.well-known/est/${path}; echo; head -c 300 answer.txt`,
      );
    const token = async (device: string) =>
      (await program.cli('pki', 'token', device, '--quiet')).stdout.trim();
    const fresh = await token('cam-bad');
    await sh(
      `openssl ecparam -name prime256v1 -genkey -noout -out bad.key
       openssl req -new -key bad.key -subj /CN=cam-bad -outform DER > bad.der
       base64 bad.der > good.csr
       openssl req -new -key bad.key -subj /CN=cam-ec -outform DER | base64 > other-name.csr
       openssl genrsa 1024 > weak.key 2>/dev/null; openssl req -new -key weak.key -subj /CN=cam-bad -outform DER | base64 > weak.csr
       head -c 3000000 /dev/zero | tr '\\0' 'A' > huge.csr
       head -c 500 /dev/urandom | base64 > garbage.csr`,
    );
    const der = readFileSync(join(folder, 'bad.der'));
    der[der.length - 5] = der[der.length - 5]! ^ 0xff;
    writeFileSync(join(folder, 'signature.csr'), der.toString('base64'));
    const user = (secret: string) => `-u 'cam-bad:${secret}'`;

    const cases: [string, string, string, RegExp][] = [
      ['no token', 'good.csr', '', /^401/],
      ['a wrong token', 'good.csr', user('kde_wrong'), /^401/],
      ['a bad signature', 'signature.csr', user(fresh), /^400[\s\S]*signature/i],
      ['another device’s name', 'other-name.csr', user(fresh), /^40[03]/],
      ['a weak RSA key', 'weak.csr', user(fresh), /^40[03]/],
      ['a huge body', 'huge.csr', user(fresh), /^413/],
      ['garbage', 'garbage.csr', user(fresh), /^400/],
    ];
    for (const [what, body, more, pattern] of cases) {
      const answer = await post('simpleenroll', body, more);
      checks.matches(`${what} is refused with a reason`, answer.output, pattern);
    }
    checks.matches(
      'after all that the token still works',
      (await post('simpleenroll', 'good.csr', user(fresh))).output,
      /^200/,
    );
    await sh(
      'openssl ecparam -name prime256v1 -genkey -noout -out second.key; openssl req -new -key second.key -subj /CN=cam-bad -outform DER | base64 > second.csr',
    );
    checks.matches(
      'and a used token does not',
      (await post('simpleenroll', 'second.csr', user(fresh))).output,
      /^401/,
    );
    const health = await fetch(`${addresses.http}/health`);
    checks.equal('the program is well', health.status, 200);
  }
}
