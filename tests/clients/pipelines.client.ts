import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Program } from '../program.ts';
import { type Checks, command } from './checks.ts';

const root = join(import.meta.dirname, '../..');

/** The blocks of `docs/pipelines.md` in the order of a pipeline's life, run by a shell as they stand. */
export async function run(program: Program, checks: Checks): Promise<void> {
  const { folder, addresses } = program;
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  writeFileSync(
    join(bin, 'kydai'),
    `#!/bin/sh\nexec "${process.execPath}" "${join(root, 'packages/kydai/src/main.ts')}" "$@"\n`,
  );
  chmodSync(join(bin, 'kydai'), 0o755);
  const environment = {
    PATH: `${bin}:${process.env['PATH']}`,
    KYDAI_DATA: join(folder, 'data'),
    BUILD: 'portal@1',
    UNTIL: `${new Date().getFullYear() + 1}-01-31`,
    STICK: join(folder, 'stick'),
  };
  const blocks = new Map(
    [
      ...readFileSync(join(root, 'docs/pipelines.md'), 'utf8').matchAll(
        /```sh\n# (\w+)[^\n]*\n([\s\S]*?)```/g,
      ),
    ].map(([, name, text]) => [name!, text!]),
  );
  const block = (name: string) =>
    command(folder, 'bash', ['-euo', 'pipefail', '-c', blocks.get(name) ?? 'exit 99'], environment);
  const lock = (version: string) =>
    writeFileSync(
      join(folder, 'package-lock.json'),
      JSON.stringify({
        name: 'portal',
        version: '1.0.0',
        lockfileVersion: 3,
        packages: {
          '': { name: 'portal', version: '1.0.0', dependencies: { lodash: version } },
          'node_modules/lodash': {
            version,
            resolved: 'https://registry.example/l.tgz',
            integrity: 'sha512-AAAA',
          },
        },
      }),
    );
  const record = {
    id: 'GHSA-jf85-cpcp-j695',
    aliases: ['CVE-2019-10744'],
    modified: new Date().toISOString(),
    severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:H' }],
    affected: [
      {
        package: { ecosystem: 'npm', name: 'lodash' },
        ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '4.17.12' }] }],
      },
    ],
  };
  mkdirSync(join(folder, 'stick/npm'), { recursive: true });
  execFileSync(
    'python3',
    [
      '-c',
      'import sys,zipfile\nz=zipfile.ZipFile(sys.argv[1],"w")\nz.writestr("r.json",sys.stdin.read())\nz.close()',
      join(folder, 'stick/npm/all.zip'),
    ],
    { input: JSON.stringify(record) },
  );
  writeFileSync(join(folder, 'stick/kev.json'), JSON.stringify({ catalogVersion: '1', vulnerabilities: [] }));

  const readme = /### Gate a build\n\n```sh\n([\s\S]*?)```/.exec(
    readFileSync(join(root, 'README.md'), 'utf8'),
  )![1]!;
  const tried = await command(root, 'bash', ['-c', readme.replaceAll('npx kydai', 'kydai')], environment);
  checks.matches(
    'the example of the README says why',
    tried.output,
    /FAIL[\s\S]*via mkdirp@0\.5\.5[\s\S]*by way of/,
  );

  checks.equal('the stick is imported', (await block('stick')).code, 0);
  lock('4.17.4');
  const refused = await block('gate');
  checks.equal('the gate stops a vulnerable build', refused.code, 1);
  checks.matches(
    'and says why for the pull request',
    readFileSync(join(folder, 'gate.md'), 'utf8'),
    /4\.17\.12/,
  );
  const people = ['Lan', 'Minh'].map((name) => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    writeFileSync(join(folder, `${name.toLowerCase()}.key`), pem);
    return { name, key: publicKey.export({ type: 'spki', format: 'pem' }) };
  });
  writeFileSync(join(folder, 'signers.yaml'), JSON.stringify({ people }));
  const published = await block('publish');
  checks.equal('a verdict is published as it is', published.code, 1);
  checks.matches('and that is said', published.output, /verdict is published/);
  checks.equal('a finding can be put forward', (await block('waive')).code, 0);
  checks.equal('and does not ship before it is signed', (await block('waived')).code, 1);
  checks.equal('two people sign it', (await block('sign')).code, 0);
  const accepted = await block('waived');
  checks.equal('and it ships for a time', accepted.code, 0);
  checks.matches('with their names', accepted.output, /signed by Lan and Minh/);
  writeFileSync(join(folder, 'signers.yaml'), JSON.stringify({ people: people.slice(1) }));
  checks.equal('one alone cannot', (await block('waived')).code, 1);

  writeFileSync(join(folder, 'app.tar'), 'what is deployed');
  writeFileSync(join(folder, 'root.pem'), await (await fetch(`${addresses.status}/pki/ca/root.pem`)).text());
  const signer = await block('signer');
  checks.equal('the authority certifies the key of a pipeline', signer.code, 0);
  checks.equal('without a verdict nothing is deployed', (await block('deploy')).code, 1);
  checks.equal('a verdict that failed is attested', (await block('attest')).code, 1);
  checks.matches('and does not deploy', (await block('deploy')).output, /FAILED[\s\S]*not deployed/);

  lock('4.17.21');
  checks.equal('the gate lets the fixed build through', (await block('gate')).code, 0);
  const attested = await block('attest');
  checks.equal('its verdict is attested', attested.code, 0);
  const deployed = await block('deploy');
  checks.equal('and deploys', deployed.code, 0);
  checks.matches(
    'with the name of who signed',
    deployed.output,
    /verified portal@1: PASSED.*signed by portal-ci/,
  );

  const file = join(folder, 'app.attestations.jsonl');
  const good = readFileSync(file, 'utf8');
  writeFileSync(join(folder, 'app.tar'), 'something else');
  checks.equal('another file does not deploy with it', (await block('deploy')).code, 1);
  writeFileSync(join(folder, 'app.tar'), 'what is deployed');
  writeFileSync(file, good.replace(/"sig":"..../, '"sig":"AAAA'));
  checks.equal('nor does a forged signature', (await block('deploy')).code, 1);
  writeFileSync(file, '');
  checks.equal('nor does an empty file', (await block('deploy')).code, 1);
  writeFileSync(file, good);
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      join(folder, 'x.key'),
      '-out',
      join(folder, 'root.pem'),
      '-subj',
      '/CN=elsewhere',
    ],
    { stdio: 'pipe' },
  );
  checks.matches(
    'nor does another root',
    (await block('deploy')).output,
    /no one who is trusted[\s\S]*not deployed/,
  );
}
