import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Program } from '../program.ts';
import { type Checks, shell } from './checks.ts';

const script = join(import.meta.dirname, '../../docs/samples/check-audit-proof.py');

/** Proofs of the audit log in the hands of who trusts none of our code: Python and openssl. */
export async function run(program: Program, checks: Checks): Promise<void> {
  const { folder } = program;
  const check = (file: string, key = 'audit.pem') => shell(folder, `python3 ${script} ${file} ${key}`);
  for (const name of ['lan', 'binh'])
    await program.cli(
      'pki',
      'p12',
      name,
      '--profile',
      'staff',
      '--key',
      'EC-P256',
      '--email',
      `${name}@hue.example`,
    );
  const made = (await program.cli('pki', 'list', '--json')).stdout;
  const { serial } = (JSON.parse(made) as { serial: string; profile: string }[]).find(
    ({ profile }) => profile === 'staff',
  )!;
  await program.cli('pki', 'revoke', serial);
  writeFileSync(join(folder, 'audit.pem'), (await program.cli('audit', 'key')).stdout);
  await program.cli('audit', 'prove', serial, '--out', join(folder, 'proofs.json'));

  const good = await check('proofs.json');
  checks.equal('what is in the log is proven', good.code, 0);
  checks.matches('its issuance', good.output, /^proven \d+ certificate\.issue/m);
  checks.matches('its revocation', good.output, /^proven \d+ certificate\.revoke/m);

  const text = readFileSync(join(folder, 'proofs.json'), 'utf8');
  writeFileSync(join(folder, 'forged.json'), text.replaceAll('"profile": "staff"', '"profile": "device"'));
  const forged = await check('forged.json');
  checks.equal('an entry that was changed is not', forged.code, 1);
  checks.matches('and it says so', forged.output, /NOT PROVEN/);
  await shell(folder, 'openssl genpkey -algorithm ed25519 | openssl pkey -pubout -out other.pem');
  checks.equal(
    'nor is anything under the key of somebody else',
    (await check('proofs.json', 'other.pem')).code,
    1,
  );
}
