import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Program } from '../program.ts';
import { type Checks, shell } from './checks.ts';
import { startNationalCity } from './national.ts';

/**
 * Generations and chains as others see them: after a rollover of everything openssl and GnuTLS must find a path from
 * whichever generation they trust to certificates of both; and a city below a national root, which openssl plays, must be
 * believed by those who know nothing but that root.
 */
export async function run(program: Program, checks: Checks): Promise<void> {
  await generations(program, checks);
  await nationalRoot(checks);
}

async function generations(program: Program, checks: Checks): Promise<void> {
  const { folder, addresses } = program;
  const sh = (line: string) => shell(folder, line);
  const fetchCa = (id: string) =>
    sh(`curl -fsS ${addresses.status}/pki/ca/${id}.crt | openssl x509 -inform DER -out ${id}.pem`);
  await enrol(program, sh, 'old-leaf', 'root-1');
  for (const role of ['root', 'device-ca', 'service-ca'])
    checks.equal(`rollover of ${role}`, (await program.cli('pki', 'rollover', role)).code, 0);
  const roots = ['root-1', 'root-2'];
  const issuing = ['device-ca-1', 'device-ca-2'];
  for (const id of [...roots, ...issuing, 'service-ca-1', 'service-ca-2']) await fetchCa(id);
  await enrol(program, sh, 'new-leaf', 'root-1');
  checks.matches(
    'the new generation issues',
    (await sh('openssl x509 -in new-leaf.pem -noout -issuer')).output,
    /Device CA 2/,
  );
  // All that EST gives, in one file: enough for who trusts a root. For any anchor there is its bridge.
  await sh(
    `curl -fsS --cacert root-1.pem ${addresses.devices}/.well-known/est/cacerts | base64 -d |
       openssl pkcs7 -inform DER -print_certs -out pool.pem`,
  );
  for (const anchor of [...roots, ...issuing]) {
    await sh(`curl -fsS ${addresses.status}/pki/ca/${anchor}/bridge.pem -o ${anchor}.bridge.pem`);
    const isRoot = anchor.startsWith('root');
    for (const leaf of ['old-leaf', 'new-leaf']) {
      for (const pool of isRoot ? ['pool.pem', `${anchor}.bridge.pem`] : [`${anchor}.bridge.pem`]) {
        const seen = await sh(
          `openssl verify -x509_strict ${isRoot ? '' : '-partial_chain'} -trusted ${anchor}.pem -untrusted ${pool} ${leaf}.pem 2>&1 || true`,
        );
        checks.matches(`openssl: ${leaf} by ${anchor} alone with ${pool}`, seen.output, /: OK/);
      }
    }
  }
  await gnutls();
  // Who knows one root only must still reach the listeners, whose certificate is one of the old service authority.
  await reach('before the listener has the new chain', addresses.devices, ['root-1', 'service-ca-1']);
  const again = await program.restart();
  await reach('after a restart', again.addresses.devices, [...roots, 'service-ca-1']);
  checks.equal('it stops', await again.stop('SIGINT'), 0);

  async function reach(when: string, url: string, anchors: readonly string[]): Promise<void> {
    for (const anchor of anchors) {
      const seen = await sh(
        `openssl s_client -connect ${new URL(url).host} -CAfile ${anchor}.pem -no-CApath -no-CAstore -partial_chain \
           -verify_return_error -brief </dev/null 2>&1 || true`,
      );
      checks.matches(`TLS by ${anchor} alone, ${when}`, seen.output, /Verification: OK/);
    }
  }

  /** certtool takes a chain, not a pool: it gets the path that leads to its anchor. */
  async function gnutls(): Promise<void> {
    const pool = readFileSync(join(folder, 'pool.pem'), 'utf8').match(
      /-----BEGIN[\s\S]*?END CERTIFICATE-----/g,
    )!;
    const named: { subject: string; issuer: string; pem: string }[] = [];
    for (const pem of pool) {
      writeFileSync(join(folder, 'one.pem'), `${pem}\n`);
      const { output } = await sh('openssl x509 -in one.pem -noout -subject -issuer -nameopt multiline');
      const [subject = '', issuer = ''] = [...output.matchAll(/commonName\s+= (.+)/g)].map(
        ([, name]) => name,
      );
      named.push({ subject, issuer, pem });
    }
    const between = (subject: string, issuer: string): string =>
      `${named.find((each) => each.subject === subject && each.issuer === issuer)?.pem ?? ''}\n`;
    const cases: [leaf: string, anchor: string, ...path: [string, string][]][] = [
      ['old-leaf', 'root-1', ['Device CA 1', 'Root CA 1']],
      ['new-leaf', 'root-1', ['Device CA 2', 'Root CA 2'], ['Root CA 2', 'Root CA 1']],
      ['old-leaf', 'root-2', ['Device CA 1', 'Root CA 1'], ['Root CA 1', 'Root CA 2']],
      ['new-leaf', 'root-2', ['Device CA 2', 'Root CA 2']],
      ['old-leaf', 'device-ca-1'],
      ['new-leaf', 'device-ca-1', ['Device CA 2', 'Device CA 1']],
      ['old-leaf', 'device-ca-2', ['Device CA 1', 'Device CA 2']],
      ['new-leaf', 'device-ca-2'],
    ];
    for (const [leaf, anchor, ...path] of cases) {
      const chain = path.map(([subject, issuer]) => between(subject, issuer)).join('');
      writeFileSync(join(folder, 'chain.pem'), readFileSync(join(folder, `${leaf}.pem`), 'utf8') + chain);
      const seen = await sh(
        `certtool --verify --verify-profile=high --load-ca-certificate ${anchor}.pem --infile chain.pem || true`,
      );
      checks.matches(
        `certtool: ${leaf} by ${anchor} alone`,
        seen.output,
        /Chain verification output: Verified\. The certificate is trusted/,
      );
    }
  }
}

async function nationalRoot(checks: Checks): Promise<void> {
  const { program, sh, sign } = await startNationalCity(checks);
  const { addresses } = program;
  await enrol(program, sh, 'leaf-1', 'national');
  const chain = `curl -fsS --cacert national.pem ${addresses.devices}/.well-known/est/cacerts | base64 -d | openssl pkcs7 -inform DER -print_certs -out pool.pem`;
  checks.equal('TLS and cacerts by the national root alone', (await sh(chain)).code, 0);
  const verified = await sh('openssl verify -CAfile national.pem -untrusted pool.pem leaf-1.pem');
  checks.matches('openssl verifies what the city issued', verified.output, /: OK/);
  const ocsp = await sh(
    `curl -fsS ${addresses.status}/pki/ca/device-ca-1.crt | openssl x509 -inform DER -out issuer.pem
     openssl ocsp -issuer issuer.pem -cert leaf-1.pem -url ${addresses.status}/pki/ocsp -CAfile national.pem -verify_other pool.pem 2>&1`,
  );
  checks.matches('and its OCSP answer', ocsp.output, /Response verify OK[\s\S]*: good/);
  const request = await program.cli('pki', 'rollover', 'device-ca', '--request', 'next.csr');
  checks.matches('the next generation begins with a request', request.stdout, /device-ca-2/);
  await sign('next.csr', 'next.pem', 5);
  const next = await program.cli(
    'pki',
    'rollover',
    'device-ca',
    '--certificate',
    'next.pem',
    '--chain',
    'province.pem',
  );
  checks.matches(
    'and issues with what was signed',
    next.stdout + next.stderr,
    /device-ca-2 issues from now on/,
  );
  await enrol(program, sh, 'leaf-2', 'national');
  await sh(chain);
  const both = await sh(
    'openssl verify -CAfile national.pem -untrusted pool.pem leaf-1.pem leaf-2.pem; openssl x509 -in leaf-2.pem -noout -issuer',
  );
  checks.matches(
    'openssl verifies both generations',
    both.output,
    /leaf-1\.pem: OK\s+leaf-2\.pem: OK[\s\S]*Device CA 2/,
  );
  const gnutls = await sh(
    `curl -fsS ${addresses.status}/pki/ca/device-ca-2.crt | openssl x509 -inform DER -out device-ca-2.pem
     cat leaf-2.pem device-ca-2.pem province.pem > chain.pem
     certtool --verify --load-ca-certificate national.pem --infile chain.pem`,
  );
  checks.matches('certtool verifies it', gnutls.output, /Chain verification output: Verified/);
  checks.matches(
    'its health is without a problem',
    (await program.cli('pki', 'health')).stdout,
    /Nothing needs a person/,
  );
  checks.equal('it stops', await program.stop('SIGINT'), 0);
}

/** Enrols a device by openssl and curl; its certificate is in `<id>.pem`. */
async function enrol(
  program: Program,
  sh: (line: string) => ReturnType<typeof shell>,
  id: string,
  root: string,
): Promise<void> {
  const { addresses } = program;
  const { stdout } = await program.cli('pki', 'token', id, '--quiet');
  await sh(
    `[ -f ${root}.pem ] || curl -fsS ${addresses.status}/pki/ca/root.pem -o ${root}.pem
     openssl ecparam -name prime256v1 -genkey -noout -out ${id}.key
     openssl req -new -key ${id}.key -subj /CN=${id} -outform DER | base64 > ${id}.csr
     curl -fsS --cacert ${root}.pem -u '${id}:${stdout.trim()}' -H 'content-type: application/pkcs10' \
       --data-binary @${id}.csr ${addresses.devices}/.well-known/est/simpleenroll -o ${id}.p7
     base64 -d ${id}.p7 | openssl pkcs7 -inform DER -print_certs -out ${id}.pem`,
  );
}
