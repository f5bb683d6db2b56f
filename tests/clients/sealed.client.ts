import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Program } from '../program.ts';
import { type Checks, shell } from './checks.ts';
import { startNationalCity } from './national.ts';

const main = join(import.meta.dirname, '../../packages/kydai/src/main.ts');
const kydai = `'${process.execPath}' '${main}'`;

/**
 * Sealed readings from end to end: devices of two generations seal, the program carries what it cannot read, and the
 * service that they sealed for opens them, whichever root, generation or nation it trusts, and nothing that is replayed,
 * meant for others, or of a revoked device.
 */
export async function run(program: Program, checks: Checks): Promise<void> {
  await generations(program, checks);
  await belowTheNation(checks);
}

async function generations(program: Program, checks: Checks): Promise<void> {
  const { folder, addresses } = program;
  const city = sealing(program, (line) => shell(folder, line), 'root-1.pem');
  const { sh, open } = city;
  await sh(`curl -fsS ${addresses.status}/pki/ca/root.pem -o root-1.pem`);
  await city.service('meters');
  await city.service('others');
  await city.device('old-1');
  checks.equal('a device of the first generation sends', await city.send('old-1', '{"level":1.5}'), 0);
  for (const role of ['root', 'device-ca', 'service-ca'])
    checks.equal(`rollover of ${role}`, (await program.cli('pki', 'rollover', role)).code, 0);
  await city.device('new-1');
  checks.equal('a device of the second generation sends', await city.send('new-1', '{"level":2.5}'), 0);
  for (const id of ['root-2', 'device-ca-1', 'device-ca-2'])
    await sh(`curl -fsS ${addresses.status}/pki/ca/${id}.crt | openssl x509 -inform DER -out ${id}.pem`);
  const sealed = await city.collect();
  checks.ok('what the program keeps tells nothing of the readings', !/level/.test(sealed), sealed);
  for (const anchor of ['root-1', 'root-2', 'device-ca-1', 'device-ca-2']) {
    const { code, output } = await open(`--ca ${anchor}.pem`);
    checks.equal(`all open by ${anchor} alone`, code, 0);
    checks.matches(
      `and they are those of ${anchor}`,
      output,
      /"old-1".*"level":1\.5[\s\S]*"new-1".*"level":2\.5/,
    );
  }
  const other = await open('--ca root-1.pem', 'others');
  checks.matches(
    'another service opens nothing',
    other.output,
    /^(reading \d: seal-invalid: sealed for another receiver\n){2}/,
  );
  checks.equal('and hears so by the exit code', other.code, 1);
  await sh(
    'openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout x.key -out x.pem -days 9 -subj /CN=x 2>/dev/null',
  );
  checks.matches(
    'who trusts another root believes nobody',
    (await open('--ca x.pem')).output,
    /no path leads to a trusted/,
  );

  await sh('cat sealed.jsonl sealed.jsonl > twice.jsonl');
  const twice = await open('--ca root-1.pem', 'meters', 'twice.jsonl');
  checks.matches(
    'the same line opens once',
    twice.output,
    /reading 3: seal-replayed[\s\S]*reading 4: seal-replayed/,
  );
  checks.equal('the first time it does', twice.output.match(/"reading":/g)?.length, 2);
  checks.equal('with a memory all open once', (await open('--ca root-1.pem --seen seen')).code, 0);
  checks.matches(
    'and not by the next process',
    (await open('--ca root-1.pem --seen seen')).output,
    /reading 1: seal-replayed: .*come before\n.*reading 2: seal-replayed/,
  );
  checks.matches(
    'what is too old is refused',
    (await open('--ca root-1.pem --oldest 1s')).output,
    /too old; see --oldest/,
  );
  const plain = await sh(
    `jq -r .fields.message sealed.jsonl | ${kydai} device open --key meters.key --ca root-1.pem --status ${addresses.status} 2>&1`,
  );
  checks.equal('bare readings are taken from a pipe', plain.output.match(/"reading":/g)?.length, 2);

  const away = await sh(
    `curl -fsS ${addresses.status}/pki/ca/all.p7c | openssl pkcs7 -inform DER -print_certs > known.pem
     for id in old-1 new-1; do openssl x509 -in $id/identity.pem >> known.pem; done
     lists=''
     for url in $(for file in root-1 root-2 device-ca-1 device-ca-2; do echo ${addresses.status}/pki/crl/$file.crl; done); do
       curl -fsS $url -o $(basename $url); lists="$lists --crl $(basename $url)"; done
     ${kydai} device open sealed.jsonl --key meters.key --ca root-1.pem --certificates known.pem $lists 2>&1`,
  );
  checks.equal('without a network, by files alone', away.output.match(/"reading":/g)?.length, 2);

  const { stdout } = await program.cli('pki', 'list', '--device', 'old-1', '--json');
  const [{ serial = '' } = {}] = JSON.parse(stdout) as { serial: string }[];
  checks.equal(
    'the first device is revoked',
    (await program.cli('pki', 'revoke', serial, '--reason', 'keyCompromise')).code,
    0,
  );
  const after = await open('--ca root-1.pem');
  checks.matches(
    'nothing of it opens any more',
    after.output,
    /reading 1: seal-invalid: certificate is revoked/,
  );
  checks.matches('and the other one’s does', after.output, /"new-1"/);
  await sh(`curl -fsS ${addresses.status}/pki/crl/device-ca-1.crl -o device-ca-1.crl`);
  const listed = await sh(
    `${kydai} device open sealed.jsonl --key meters.key --ca root-1.pem --certificates known.pem --crl root-1.crl --crl root-2.crl --crl device-ca-1.crl --crl device-ca-2.crl 2>&1 || true`,
  );
  checks.matches('the list says the same', listed.output, /certificate is revoked/);
  const gone = await sh(
    `${kydai} device open sealed.jsonl --key meters.key --ca root-1.pem --status http://127.0.0.1:1 2>&1 || true`,
  );
  checks.matches(
    'without the authority nothing is believed, and nothing called invalid',
    gone.output,
    /^(reading \d: server-unavailable: .*\n){2}(?!.*reading)/,
  );
  for (const [call, pattern] of [
    ['--key none.key --ca root-1.pem --status http://x', /cannot read `none\.key`/],
    ['--key root-1.pem --ca root-1.pem --status http://x', /holds no private key/],
    ['--key meters.key --ca meters.key --status http://x', /holds no certificate/],
    ['--key meters.key --ca root-1.pem', /--status, or --certificates/],
    ['nowhere --key meters.key --ca root-1.pem --status http://x', /cannot read `nowhere`/],
  ] as const)
    checks.matches(
      `a wrong call: ${call}`,
      (await sh(`${kydai} device open ${call} </dev/null 2>&1; true`)).output,
      pattern,
    );
}

async function belowTheNation(checks: Checks): Promise<void> {
  const { program, sh, sign } = await startNationalCity(checks, 1);
  const city = sealing(program, sh, 'national.pem');
  await city.service('meters');
  await city.device('north-1');
  checks.equal('a device below the nation sends', await city.send('north-1', '{"t":31}'), 0);
  await program.cli('pki', 'rollover', 'device-ca', '--request', 'next.csr');
  await sign('next.csr', 'next.pem', 5);
  const next = ['--certificate', 'next.pem', '--chain', 'province.pem'];
  checks.equal(
    'the province signs the next generation',
    (await program.cli('pki', 'rollover', 'device-ca', ...next)).code,
    0,
  );
  await city.device('north-2');
  checks.equal('and a device of it sends', await city.send('north-2', '{"t":32}'), 0);
  await city.collect();
  for (const anchor of ['national', 'province', 'device-ca', 'next']) {
    const { code, output } = await city.open(`--ca ${anchor}.pem`);
    checks.equal(
      `both open by ${anchor}.pem alone`,
      `${code} ${output.match(/"t":3[12]/g)?.join(' ')} ${code === 0 ? '' : output}`,
      '0 "t":31 "t":32 ',
    );
  }
  checks.equal('it stops', await program.stop('SIGINT'), 0);
}

/** Devices, services, and what the program keeps between them. */
function sealing(program: Program, sh: (line: string) => ReturnType<typeof shell>, root: string) {
  const { addresses, folder } = program;
  return {
    sh,
    service: (name: string) =>
      sh(
        `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ${name}.key -out ${name}.pem -days 30 -subj /CN=${name} 2>/dev/null`,
      ),
    async device(id: string): Promise<void> {
      const { stdout } = await program.cli('pki', 'token', id, '--kind', 'sensor', '--quiet');
      await sh(
        `KYDAI_ENROLMENT_TOKEN=${stdout.trim()} ${kydai} device enrol ${id} --server ${addresses.devices} --ca ${root} --folder ${id}`,
      );
    },
    send: async (id: string, reading: string): Promise<number> =>
      (
        await sh(
          `${kydai} device send '${reading}' --recipient meters.pem --server ${addresses.devices} --ca ${root} --folder ${id}`,
        )
      ).code,
    /** Writes what the program keeps to sealed.jsonl, the oldest first. */
    async collect(): Promise<string> {
      const { stdout } = await program.cli(
        'search',
        'event.dataset:device.reading',
        '--limit',
        '100',
        '--json',
      );
      const lines = stdout.trim().split('\n').reverse();
      writeFileSync(join(folder, 'sealed.jsonl'), `${lines.join('\n')}\n`);
      return stdout;
    },
    open: (options: string, service = 'meters', file = 'sealed.jsonl') =>
      sh(`${kydai} device open ${file} --key ${service}.key --status ${addresses.status} ${options} 2>&1`),
  };
}
