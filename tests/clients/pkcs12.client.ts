import type { Program } from '../program.ts';
import { type Checks, shell } from './checks.ts';

/** PKCS #12 bundles in the hands of those who import them: openssl, GnuTLS's certtool, NSS's pk12util (Firefox). */
export async function run(program: Program, checks: Checks): Promise<void> {
  const { folder, addresses } = program;
  const sh = (line: string) => shell(folder, line);
  await sh(`curl -fsS ${addresses.status}/pki/ca/root.pem -o root.pem`);

  const passphraseOf = (printed: string): string => /anywhere: (\S+)/.exec(printed)?.[1] ?? 'none';
  const cases = [
    ['recorder-1', 'RSA', ['--kind', 'camera', '--zone', 'north']],
    ['recorder-2', 'RSA', ['--legacy']],
    ['lan', 'EC', ['--profile', 'staff', '--key', 'EC-P256', '--email', 'lan@hue.example']],
    [
      'gateway.hue.example',
      'RSA',
      ['--profile', 'service', '--key', 'RSA-3072', '--name', 'gateway.hue.example'],
    ],
  ] as const;
  for (const [subject, kind, options] of cases) {
    const legacy = options.includes('--legacy' as never);
    const made = await program.cli('pki', 'p12', subject, ...options);
    const passphrase = passphraseOf(made.stdout);
    checks.matches(
      `${subject}: a bundle is made`,
      made.stdout + made.stderr,
      /passphrase, not kept anywhere/,
    );
    const opened = await sh(
      `openssl pkcs12 ${legacy ? '-legacy' : ''} -in ${subject}.p12 -nodes -passin pass:${passphrase} -out opened.pem -info 2>&1
       openssl verify -CAfile root.pem -untrusted opened.pem opened.pem
       diff <(openssl pkey -in opened.pem -pubout) <(openssl x509 -in opened.pem -noout -pubkey) && echo same key
       openssl pkey -in opened.pem -noout -text | head -1`,
    );
    checks.matches(
      `${subject}: openssl opens it`,
      opened.output,
      legacy ? /3-?KeyTripleDES/i : /PBES2.*AES-256-CBC.*hmacWithSHA256/,
    );
    checks.matches(
      `${subject}: its certificate is by the root and for its key`,
      opened.output,
      /: OK\s+same key/,
    );
    checks.matches(
      `${subject}: its key is of kind ${kind}`,
      opened.output,
      kind === 'RSA' ? /2048 bit|3072 bit/ : /256 bit/,
    );
    const gnutls = await sh(
      `certtool --p12-info --inder --infile ${subject}.p12 --password ${passphrase} > gnutls.pem
       grep -c 'BEGIN CERTIFICATE' gnutls.pem
       certtool --pkcs8 --pubkey-info --load-privkey gnutls.pem --password ${passphrase} 2>&1 | grep Algorithm:`,
    );
    checks.matches(
      `${subject}: certtool reads its certificates and decrypts its key`,
      gnutls.output,
      kind === 'RSA' ? /^3\s[\s\S]*RSA/ : /^3\s[\s\S]*EC/,
    );
    const nss = await sh(
      `rm -rf nss; mkdir nss; certutil -N -d sql:nss --empty-password
       pk12util -i ${subject}.p12 -d sql:nss -W ${passphrase} -K '' 2>&1
       certutil -K -d sql:nss 2>&1; certutil -L -d sql:nss 2>&1`,
    );
    checks.matches(
      `${subject}: NSS imports key and certificates`,
      nss.output,
      new RegExp(`IMPORT SUCCESSFUL[\\s\\S]*${subject}[\\s\\S]*u,u,u`),
    );
    const wrong = await sh(
      `openssl pkcs12 ${legacy ? '-legacy' : ''} -in ${subject}.p12 -nodes -passin pass:wrong 2>&1 || true`,
    );
    checks.matches(
      `${subject}: another passphrase opens nothing`,
      wrong.output,
      /invalid password|mac verify/i,
    );
    checks.equal(
      `${subject}: nobody else may read the file`,
      (await sh(`stat -c %a ${subject}.p12`)).output.trim().slice(0, 3),
      '600',
    );
  }
  const listed = await program.cli('pki', 'devices', 'list', 'recorder', '--json');
  checks.equal('the devices are in the register', (JSON.parse(listed.stdout) as unknown[]).length, 2);
  const again = await program.cli('pki', 'p12', 'recorder-1');
  checks.ok('a bundle is never written over another', again.code !== 0, again.stdout);
  const weak = await program.cli('pki', 'p12', 'minh', '--profile', 'staff', '--email', 'minh@hue.example');
  checks.matches('people get no RSA of 2048 bits', weak.stderr, /RSA-3072 or EC-P256/);
}
