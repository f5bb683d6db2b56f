import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, startProgram, temporaryFolder } from '../program.ts';
import { type Checks, command } from './checks.ts';
import { enrol, health } from './operated.ts';

/** Everything that a module can say or do in the middle of a signature, by one that does it on demand. */
export async function faults(parts: {
  readonly checks: Checks;
  readonly folder: string;
  readonly module: string;
  /** Settings of a program whose keys are in the token. */
  readonly environment: Readonly<Record<string, string>>;
}): Promise<void> {
  const { checks, folder, module, environment } = parts;
  const source = join(import.meta.dirname, 'pkcs11-faulty.c');
  const built = await command(folder, 'cc', ['-shared', '-fPIC', '-o', 'faulty.so', source, '-ldl']);
  checks.equal('the faulty module compiles', built.code, 0);
  const control = join(folder, 'control');
  const faulty = await startProgram({
    folder: temporaryFolder(),
    environment: {
      ...environment,
      KYDAI_PKI_KEYS_MODULE: join(folder, 'faulty.so'),
      KYDAI_PKI_KEYS_SESSIONS: '1',
      FAULTY_MODULE: module,
      FAULTY_CONTROL: control,
    },
  });
  const device = (word: string) => enrol(faulty, [`faulty-${word}`]);
  for (const word of ['closed', 'removed', 'general', 'abort']) {
    writeFileSync(control, word);
    const [answer] = await device(word);
    checks.equal(`a token that says or does \`${word}\`: a fresh process signs`, answer?.status, 200);
  }
  checks.equal('only the abort counts as a crash', (await health(faulty)).token!.crashes, 1);
  for (const [word, reason] of [
    ['refused', /not permitted/],
    ['garbage', /does not verify/],
    ['sleep', /does not answer|process ended/],
  ] as const) {
    writeFileSync(control, word);
    const [answer] = await device(word);
    checks.equal(`\`${word}\` is refused out loud`, answer?.status, 503);
    checks.matches(`\`${word}\` says why`, answer?.body ?? '', reason);
    const again = await eventually(async () => {
      const [next] = await device(`${word}-again`);
      return next?.status === 200 ? next : undefined;
    });
    checks.equal(`and the next after \`${word}\` is signed`, again.status, 200);
  }
  checks.equal('the program with the faulty module stops', await faulty.stop('SIGINT'), 0);
}
