import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, type Program, startProgram, temporaryFolder } from '../program.ts';
import { type Checks, command, shell } from './checks.ts';
import { childOf, enrol, health, operatorHeaders } from './operated.ts';
import { faults } from './pkcs11-faults.ts';

const pin = '48151623';
const modules = ['/usr/lib/softhsm/libsofthsm2.so', '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so'];

/**
 * SoftHSM as the token of the authority, OpenSC's pkcs11-tool as a second reader of what is in it, openssl as the one
 * who believes what was signed. The token's process is killed, hung and robbed of its token while it signs.
 */
export async function run(_program: Program, checks: Checks): Promise<void> {
  const folder = temporaryFolder();
  const module = modules.find((path) => existsSync(path)) ?? modules[0]!;
  const conf = join(folder, 'softhsm2.conf');
  mkdirSync(join(folder, 'tokens'));
  writeFileSync(
    conf,
    `directories.tokendir = ${folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n`,
  );
  writeFileSync(join(folder, 'pin'), `${pin}\n`, { mode: 0o600 });
  const SOFTHSM2_CONF = conf;
  const made = await command(
    folder,
    'softhsm2-util',
    ['--init-token', '--free', '--label', 'hue-ca', '--so-pin', '87654321', '--pin', pin],
    { SOFTHSM2_CONF },
  );
  checks.equal('softhsm2-util makes a token', made.code, 0);

  const inFiles = { SOFTHSM2_CONF };
  const inToken = {
    SOFTHSM2_CONF,
    KYDAI_PKI_KEYS_STORE: 'pkcs11',
    KYDAI_PKI_KEYS_MODULE: module,
    KYDAI_PKI_KEYS_TOKEN: 'hue-ca',
    KYDAI_PKI_KEYS_PIN_FILE: join(folder, 'pin'),
    KYDAI_PKI_KEYS_PATIENCE_SECONDS: '10',
    KYDAI_BACKUP_PASSPHRASE: 'a long passphrase for backups',
  };

  await refusedPin();
  await freshCity();
  await faults({ checks, folder, module, environment: inToken });

  // The city begins with keys in files and moves them into the token.
  let program = await startProgram({ folder, environment: inFiles });
  await enrol(program, ['before-1']);
  await program.stop();
  program = await startProgram({ folder, environment: inToken });
  const checked = await program.cli('pki', 'keys', 'check');
  checks.matches(
    'kydai pki keys check signs with every kind of key',
    checked.stdout,
    /EC-P256 .*signs[\s\S]*can hold/,
  );
  for (const role of ['root', 'device-ca', 'service-ca']) {
    checks.equal(`rollover of ${role}`, (await program.cli('pki', 'rollover', role)).code, 0);
  }
  const { authorities } = await health(program);
  checks.equal(
    'the new generations are in the token, those before in files',
    authorities
      .map(({ id, key }) => `${id}:${key}`)
      .sort()
      .join(' '),
    'device-ca-1:file device-ca-2:token root-1:file root-2:token service-ca-1:file service-ca-2:token',
  );
  checks.matches(
    'kydai pki keys lists them',
    (await program.cli('pki', 'keys')).stdout,
    /device-ca-2\s+token\s+EC-P256/,
  );
  checks.matches(
    'kydai pki health prints it',
    (await program.cli('pki', 'health')).stdout,
    /token hue-ca: ready/,
  );

  await signatures();
  await objects();
  await crashes();
  await hang();
  await removal();
  await secrets();
  await backup();
  checks.equal('the program with a token stops cleanly', await program.stop('SIGINT'), 0);

  async function refusedPin(): Promise<void> {
    const environment = { ...inToken, KYDAI_PKI_KEYS_PIN_FILE: '', KYDAI_PKI_KEYS_PIN: '00000000' };
    const other = temporaryFolder();
    for (const pattern of [/refused the PIN/, /refused this PIN before/]) {
      const failure = await startProgram({ folder: other, environment }).then(
        () => 'it started',
        (error: unknown) => String(error),
      );
      checks.matches(
        'a wrong PIN ends the first start, and is not tried again at the next',
        failure,
        pattern,
      );
      checks.ok('the PIN is not in the message', !failure.includes('00000000'), failure);
    }
  }

  /** A city whose every key is made in the token, the audit log's too, and that starts again with them. */
  async function freshCity(): Promise<void> {
    let fresh = await startProgram({ folder: temporaryFolder(), environment: inToken });
    const keys = (await fresh.cli('pki', 'keys')).stdout;
    for (const id of ['audit', 'root-1', 'device-ca-1', 'service-ca-1'])
      checks.matches(`a fresh city makes ${id} in the token`, keys, new RegExp(`^${id}\\s+token`, 'm'));
    checks.matches('and what its listeners need in a file', keys, /^server-1\s+file/m);
    const [before] = await enrol(fresh, ['fresh-1']);
    fresh = await fresh.restart();
    const [after] = await enrol(fresh, ['fresh-2']);
    checks.equal('it enrols before and after a restart', `${before?.status} ${after?.status}`, '200 200');
    const verified = await fresh.cli('audit', 'verify');
    checks.equal('its audit log is intact', verified.code, 0);
    checks.equal('it stops', await fresh.stop('SIGINT'), 0);
  }

  async function signatures(): Promise<void> {
    const sh = (line: string) => shell(folder, line);
    const { status } = program.addresses;
    await sh(
      `for id in root-1 root-2 device-ca-2; do curl -fsS ${status}/pki/ca/$id.crt | openssl x509 -inform DER -out $id.pem; done`,
    );
    const [answer] = await enrol(program, ['in-token']);
    checks.equal('a device enrols with the authority in the token', answer?.status, 200);
    writeFileSync(join(folder, 'leaf.p7'), Buffer.from(answer?.body ?? '', 'base64'));
    const verified = await sh(
      `openssl pkcs7 -inform DER -in leaf.p7 -print_certs -out leaf.pem
       openssl verify -x509_strict -CAfile root-2.pem -untrusted device-ca-2.pem leaf.pem`,
    );
    checks.matches('openssl verifies it', verified.output, /leaf\.pem: OK/);
    const ocsp = await sh(
      `openssl ocsp -issuer device-ca-2.pem -cert leaf.pem -url ${status}/pki/ocsp -CAfile root-2.pem 2>&1`,
    );
    checks.matches(
      'openssl ocsp verifies the answer',
      ocsp.output,
      /Response verify OK[\s\S]*leaf\.pem: good/,
    );
    const crl = await sh(
      `url=$(openssl x509 -in leaf.pem -noout -ext crlDistributionPoints | sed -n 's/.*URI://p')
       curl -fsS "$url" | openssl crl -inform DER -out leaf.crl
       cat root-2.pem device-ca-2.pem > chain.pem
       openssl crl -in leaf.crl -CAfile chain.pem -noout 2>&1`,
    );
    checks.matches('openssl verifies the CRL', crl.output, /verify OK/);
  }

  async function objects(): Promise<void> {
    const listed = await command(
      folder,
      'pkcs11-tool',
      [
        '--module',
        module,
        '--token-label',
        'hue-ca',
        '--login',
        '--pin',
        pin,
        '--list-objects',
        '--type',
        'privkey',
      ],
      { SOFTHSM2_CONF },
    );
    const labels = [...listed.output.matchAll(/label:\s+(.+)/g)].map(([, label]) => label).sort();
    for (const label of [
      'kydai root-2',
      'kydai device-ca-2',
      'kydai service-ca-2',
      'kydai ocsp-device-ca-2-1',
    ])
      checks.ok(`pkcs11-tool finds ${label}`, labels.includes(label), listed.output);
    const access = [...listed.output.matchAll(/Access:\s+(.+)/g)].map(([, text]) => text);
    checks.ok(
      'every one is sensitive, never was extractable and was made inside',
      access.length > 0 &&
        access.every(
          (text) => /sensitive/.test(text!) && /never extractable/.test(text!) && /local/.test(text!),
        ),
      listed.output,
    );
    checks.ok('none decrypts or derives', !/decrypt|derive|unwrap/.test(listed.output), listed.output);
  }

  /** Kills the process in the middle of signatures, again and again. */
  async function crashes(): Promise<void> {
    const before = (await health(program)).token!.crashes;
    const devices = Array.from({ length: 200 }, (_, index) => `crash-${index}`);
    let done = false;
    let kills = 0;
    const killing = (async () => {
      while (!done && kills < 3) {
        const { state, waiting } = (await health(program)).token!;
        if (state !== 'ready' || waiting === 0) continue;
        process.kill(childOf(program)!, 'SIGSEGV');
        kills += 1;
        await eventually(async () => done || (await health(program)).token!.state !== 'ready');
      }
    })();
    const answers = await enrol(program, devices);
    done = true;
    await killing;
    const failed = answers.filter(({ status }) => status !== 200);
    checks.ok(
      `killed ${kills} times while it signed, nothing is left without an answer`,
      answers.length === devices.length &&
        failed.every(({ body }) => /^key-unavailable: .*SIGSEGV/.test(body)),
      failed.map(({ status, body }) => `${status} ${body}`).join(''),
    );
    checks.ok(
      'what was signed at two kills fails, and nothing else',
      failed.length < kills,
      `${failed.length} of ${answers.length} failed`,
    );
    const { token } = await health(program);
    checks.ok(
      `the ${kills} crashes are counted`,
      token!.crashes - before === kills && kills >= 2,
      JSON.stringify(token),
    );
    await eventually(async () => (await health(program)).token!.state === 'ready');
  }

  /** A module that never comes back. */
  async function hang(): Promise<void> {
    const child = childOf(program)!;
    process.kill(child, 'SIGSTOP');
    const [first] = await enrol(program, ['hang-1']);
    checks.equal('what a hung token was to sign is refused out loud', first?.status, 503);
    checks.matches('with a reason', first?.body ?? '', /key-unavailable/);
    const second = await eventually(async () => {
      const [answer] = await enrol(program, ['hang-2']);
      return answer?.status === 200 ? answer : undefined;
    });
    checks.ok('and a fresh process signs the next', childOf(program) !== child && second !== undefined);
  }

  async function removal(): Promise<void> {
    renameSync(join(folder, 'tokens'), join(folder, 'pulled'));
    mkdirSync(join(folder, 'tokens'));
    process.kill(childOf(program)!, 'SIGKILL');
    const [refused] = await enrol(program, ['pulled-1']);
    checks.equal('without its token it signs nothing', refused?.status, 503);
    const ill = await eventually(async () => {
      const seen = await health(program);
      return seen.token!.state === 'unavailable' ? seen : undefined;
    });
    checks.matches('its health says so', JSON.stringify(ill.problems), /token-unavailable.*critical/);
    const metrics = await fetch(`${program.addresses.http}/metrics`, { headers: operatorHeaders(program) });
    checks.matches('so do the metrics', await metrics.text(), /kydai_pki_token_ready\{token="hue-ca"\} 0/);
    const list = await program.cli('pki', 'list', '--device', 'in-token');
    checks.matches('all else goes on', list.stdout, /in-token/);
    renameSync(join(folder, 'tokens'), join(folder, 'empty'));
    renameSync(join(folder, 'pulled'), join(folder, 'tokens'));
    await eventually(async () => (await health(program)).token!.state === 'ready', 60_000);
    const [again] = await enrol(program, ['pulled-2']);
    checks.equal('put back, it signs again without a restart', again?.status, 200);
  }

  async function secrets(): Promise<void> {
    const child = childOf(program)!;
    const proc = ['cmdline', 'environ']
      .map((name) => readFileSync(`/proc/${child}/${name}`, 'utf8'))
      .join('\n');
    checks.ok('the PIN is in no argument and no environment of the process', !proc.includes(pin));
    checks.ok('nor any secret setting of ours', !proc.includes('KYDAI_'));
    checks.ok('the PIN was never printed', !program.printed.includes(pin));
    const inFolder = await command(folder, 'grep', ['-rlF', pin, 'data']);
    checks.equal('and is in no file of the data folder', inFolder.output.trim(), '');
  }

  async function backup(): Promise<void> {
    const created = await program.cli('backup', 'create', join(folder, 'city.backup'));
    checks.matches('a backup names the keys that it cannot hold', created.stdout, /hue-ca.*device-ca-2/);
    const verified = await program.cli('backup', 'verify', join(folder, 'city.backup'));
    checks.matches('and is proven to restore', verified.stdout, /The backup restores/);
  }
}
