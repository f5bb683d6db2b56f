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
  await bodies();
  await renewals();

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

  /** Base64 as different clients break it, and what the headers say of it (RFC 8951 section 3). */
  async function bodies(): Promise<void> {
    const token = (await program.cli('pki', 'token', 'cam-odd', '--quiet')).stdout.trim();
    await sh(
      `openssl ecparam -name prime256v1 -genkey -noout -out odd.key
       openssl req -new -key odd.key -subj /CN=cam-odd -outform DER > odd.der
       base64 -w0 odd.der > one-line.odd
       base64 -w76 odd.der | sed 's/$/\\r/' > crlf.odd
       base64 -w64 odd.der | tr '\\n' '\\r' > cr.odd
       (printf '\\n\\r\\n \\t'; base64 -w3 odd.der; printf '\\r\\n\\r\\n') > blanks.odd
       openssl req -inform DER -in odd.der > pem.odd
       cat pem.odd pem.odd > two.odd
       (cat one-line.odd; printf 'AAAA') > trailing.odd
       (cat one-line.odd; printf '\\nnot base64!') > junk.odd
       tr '+/' '-_' < one-line.odd > url.odd
       (cat odd.der; printf '\\0') | base64 -w0 > octet.odd`,
    );
    const post = (body: string, more = '') =>
      sh(
        `curl -sS -o odd.answer -w '%{http_code} ' --cacert root.pem -u 'cam-odd:${token}' -H 'content-type: application/pkcs10' ${more} --data-binary @${body} ${addresses.devices}/.well-known/est/simpleenroll
         base64 -d odd.answer 2>/dev/null | openssl pkcs7 -inform DER -print_certs 2>/dev/null | openssl x509 -noout -serial 2>/dev/null || head -c 200 odd.answer`,
      );
    const first = (await post('one-line.odd')).output;
    checks.matches('base64 in one line is taken', first, /^200 serial=[0-9A-F]+/);
    const same: [string, string, string][] = [
      ['CR LF line ends', 'crlf.odd', ''],
      ['CR line ends', 'cr.odd', ''],
      ['blanks and empty lines', 'blanks.odd', ''],
      ['PEM', 'pem.odd', ''],
      ['a chunked body', 'blanks.odd', "-H 'transfer-encoding: chunked'"],
      ['Content-Transfer-Encoding: binary', 'one-line.odd', "-H 'content-transfer-encoding: binary'"],
      ['Content-Transfer-Encoding in capitals', 'crlf.odd', "-H 'CONTENT-TRANSFER-ENCODING: Base64'"],
    ];
    for (const [what, body, more] of same)
      checks.equal(`${what}: the same certificate`, (await post(body, more)).output, first);
    for (const [what, body, more] of [
      ['DER as it is', 'odd.der', "-H 'content-transfer-encoding: binary'"],
      ['two requests', 'two.odd', ''],
      ['octets after the end of base64', 'trailing.odd', ''],
      ['text after it', 'junk.odd', ''],
      ['an octet after the request', 'octet.odd', ''],
    ] as const)
      checks.matches(`${what}: a reason`, (await post(body, more)).output, /^400 (malformed-\w+): /);
    const url = await post('url.odd');
    checks.ok('base64url is not taken for base64', /^400 |^200 serial/.test(url.output), url.output);
    const at = async (path: string, more = '') =>
      (
        await sh(
          `curl -sS --path-as-is -o /dev/null -w '%{http_code}' --cacert root.pem ${more} ${addresses.devices}/.well-known/est${path}`,
        )
      ).output;
    checks.equal(
      'a label that is none',
      await at('/nowhere/simpleenroll', '--data-binary @one-line.odd'),
      '404',
    );
    checks.equal('two labels', await at('/a/b/cacerts'), '404');
    checks.equal('an operation that is none', await at('/fullcmc', '--data-binary @one-line.odd'), '404');
    checks.equal('a path with dots', await at('/x/%2e%2e/cacerts'), '400');
    checks.equal('GET where POST belongs', await at('/simpleenroll'), '405');
    checks.equal('HEAD of what is given by GET', await at('/cacerts', '-I'), '200');
    for (const [what, more] of [
      ['told', ''],
      ['chunked', "-H 'transfer-encoding: chunked'"],
      ['waiting to be asked for', "-H 'expect: 100-continue'"],
    ])
      checks.equal(
        `a huge body of nobody, ${what}: too large, before who asks`,
        (await at('/simpleenroll', `${more} --data-binary @huge.csr`)).slice(-3),
        '413',
      );
    for (const [what, head] of [
      ['a length and chunks', 'Content-Length: 5\\r\\nTransfer-Encoding: chunked'],
      ['two lengths', 'Content-Length: 5\\r\\nContent-Length: 6'],
      ['chunks of no size', 'Transfer-Encoding: chunked\\r\\n\\r\\nzz'],
    ]) {
      const answer = await sh(
        `(printf 'POST /.well-known/est/simpleenroll HTTP/1.1\\r\\nHost: x\\r\\n${head}\\r\\n\\r\\nAAAAAA'; sleep 1) |
           timeout 5 openssl s_client -quiet -connect ${new URL(addresses.devices).host} 2>/dev/null | head -1; true`,
      );
      checks.matches(`${what}: refused`, answer.output, /^HTTP\/1\.1 400/);
    }
  }

  /** What real deployments get wrong at a renewal (RFC 7030 section 4.2.2). */
  async function renewals(): Promise<void> {
    const token = async (id: string) => (await program.cli('pki', 'token', id, '--quiet')).stdout.trim();
    const config = (name: string, attribute: string) =>
      `printf '[req]\\nprompt=no\\ndistinguished_name=dn\\nattributes=at\\n[dn]\\nCN=cam-next\\n[at]\\n${attribute}\\n' > ${name}.cnf
       openssl req -new -key next.key -config ${name}.cnf -outform DER | base64 > ${name}.next`;
    const request = (name: string, options: string) =>
      `openssl req -new -key next.key ${options} -outform DER | base64 > ${name}.next`;
    await sh(
      [
        'openssl ecparam -name prime256v1 -genkey -noout -out next.key',
        request('same', "-subj /CN=cam-next -addext 'subjectAltName=DNS:cam-next'"),
        request('more-names', "-subj /CN=cam-next -addext 'subjectAltName=DNS:cam-next,DNS:other'"),
        request('other-name', "-subj /CN=cam-next -addext 'subjectAltName=DNS:other'"),
        request('other-subject', "-subj /CN=cam-other -addext 'subjectAltName=DNS:cam-next'"),
        request('more-subject', '-subj /O=x/CN=cam-next'),
        request('usage', '-subj /CN=cam-next -addext keyUsage=keyCertSign'),
        request('authority', '-subj /CN=cam-next -addext basicConstraints=critical,CA:TRUE'),
        request('extension', "-subj /CN=cam-next -addext '1.2.3.4=ASN1:UTF8String:x'"),
        config('attribute', '1.2.3.4.5=x'),
        config('name-attribute', 'unstructuredName=x'),
        config('binding', 'challengePassword=b2YgYW5vdGhlciBjb25uZWN0aW9u'),
        'openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout self.key -out self.pem -days 9 -subj /CN=cam-next 2>/dev/null',
        `curl -fsS --cacert root.pem -u cam-next:${await token('cam-next')} --data-binary @same.next ${addresses.devices}/.well-known/est/simpleenroll | base64 -d | openssl pkcs7 -inform DER -print_certs -out next.pem`,
      ].join('\n'),
    );
    const renew = (body: string, by = 'next.pem', key = 'next.key') =>
      sh(
        `curl -sS -o next.answer -w '%{http_code} ' --cacert root.pem ${by === '' ? '' : `--cert ${by} --key ${key}`} --data-binary @${body}.next ${addresses.devices}/.well-known/est/simplereenroll; head -c 200 next.answer`,
      );
    for (const [body, pattern] of [
      ['more-names', /^403 subject-mismatch/],
      ['other-name', /^403 subject-mismatch/],
      ['other-subject', /^403 subject-mismatch/],
      ['more-subject', /^400 bad-subject: .*organization/],
      ['usage', /^400 unsupported-extension: .*keyCertSign/],
      ['authority', /^400 unsupported-extension: .*CA:TRUE/],
      ['extension', /^400 unsupported-extension: .*1\.2\.3\.4/],
      ['attribute', /^400 unsupported-attribute: .*1\.2\.3\.4\.5/],
      ['name-attribute', /^400 unsupported-attribute: .*unstructuredName/],
      ['binding', /^403 binding-mismatch/],
    ] as const)
      checks.matches(`renewal, ${body}: refused with the reason`, (await renew(body)).output, pattern);
    checks.matches(
      'renewal without a certificate',
      (await renew('same', '')).output,
      /^401 certificate-required/,
    );
    checks.matches(
      'renewal with one that it signed itself',
      (await renew('same', 'self.pem', 'self.key')).output,
      /^403 certificate-refused/,
    );
    checks.matches('renewal as it should be', (await renew('same')).output, /^200 /);
    await sh('base64 -d next.answer | openssl pkcs7 -inform DER -print_certs -out second.pem');
    const ocsp = (certificate: string) =>
      sh(
        `openssl ocsp -issuer issuer.pem -cert ${certificate} -url ${addresses.status}/pki/ocsp -CAfile root.pem 2>&1`,
      );
    checks.matches(
      'the certificate before stays good until it is replaced',
      (await ocsp('next.pem')).output,
      /: good/,
    );
    const serial = (await sh('openssl x509 -in next.pem -noout -serial')).output
      .trim()
      .slice(7)
      .toLowerCase();
    await program.cli('pki', 'revoke', serial, '--reason', 'keyCompromise');
    checks.matches(
      'revoked, it renews nothing',
      (await renew('usage')).output,
      /^403 certificate-refused: .*revoked/,
    );
    checks.matches(
      'and what has the same key is revoked with it',
      (await ocsp('second.pem')).output,
      /: revoked/,
    );
    checks.matches(
      'and renews nothing',
      (await renew('same', 'second.pem')).output,
      /^403 certificate-refused/,
    );
    const fresh = await sh(
      `curl -sS --cacert root.pem -u cam-next:${await token('cam-next')} --data-binary @same.next ${addresses.devices}/.well-known/est/simpleenroll`,
    );
    checks.matches('nor does its key come back by a token', fresh.output, /^key-revoked/);
  }
}
