import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PkiHealthView } from '@kydai/contracts';
import type { KeyStore } from '@kydai/pki';
import type { Command } from 'commander';
import { dataPaths, keyPassphrase } from '../../boot/data-folder.ts';
import { ShellError } from '../../error.ts';
import { openKeys } from '../../pki/keys.ts';
import { columns, styled } from '../output.ts';
import type { CommandContext } from '../program.ts';

const clock = { now: Date.now };

/** Where the keys of the authorities are, and how fresh what they sign is. */
export function addKeyCommands(pki: Command, context: CommandContext): void {
  const { output, operator } = context;
  pki
    .command('health')
    .description('say how fresh CRLs and OCSP answers are, where the keys are, and what to see to')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const health = await operator().call('GET', '/api/v1/pki/health', PkiHealthView);
      if (json) return output.write(`${JSON.stringify(health, null, 2)}\n`);
      for (const line of lines(health)) output.write(`${line}\n`);
      for (const { level, code, subject, at } of health.problems)
        output.write(
          `${styled(output, level === 'critical' ? 'red' : 'yellow', level)}: ${subject}: ${sentences[code]} (${time(at)})\n`,
        );
      if (health.problems.length === 0) output.write('Nothing needs a person.\n');
    });

  const keys = pki.command('keys').description('the keys: encrypted files, or a token (PKCS#11)');
  keys
    .command('list', { isDefault: true })
    .description('list the keys of the data folder and where each is')
    .action(async () => {
      await withKeys(context, async (store) => {
        const rows: string[][] = [];
        for (const id of await store.list()) {
          const signer = await store.open(id);
          rows.push([id, (await store.place(id)) ?? '', signer?.publicKey.keyType ?? '']);
        }
        output.write(rows.length === 0 ? 'There are no keys yet.\n' : columns(rows));
      });
    });
  keys
    .command('check')
    .description('try the token of `pki.keys`: make a key in it, sign, verify, remove the key')
    .action(async () => {
      await withToken(context, async (store) => {
        if (store.token === undefined)
          throw new ShellError('usage', 'keys are in files: set pki.keys.store to pkcs11 to use a token');
        for (const type of ['EC-P256', 'EC-P384', 'Ed25519', 'RSA-2048'] as const) {
          const id = `check-${type.toLowerCase()}`;
          const started = performance.now();
          const verdict = await store
            .create(id, type)
            .then(async (signer) => {
              const made = performance.now();
              await signer.sign(Buffer.from('kydai'));
              const signed = performance.now();
              await store.remove(id);
              return `made in ${Math.round(made - started)} ms, signs in ${(signed - made).toFixed(1)} ms`;
            })
            .catch((error: unknown) => {
              if ((error as { code?: string }).code === 'unsupported-algorithm')
                return 'not supported by the token';
              throw error;
            });
          output.write(columns([[type, verdict]]));
        }
        output.write(`Token \`${store.token().label}\` can hold the keys of the authorities.\n`);
      });
    });
}

const sentences: Readonly<Record<PkiHealthView['problems'][number]['code'], string>> = {
  'token-unavailable': 'the token cannot be used; nothing is signed until it can',
  'pin-refused': 'the token refused the PIN; give the right one and start anew',
  'authority-ended': 'the CA certificate has ended; nothing below it is trusted',
  'authority-ends-soon': 'the CA certificate ends soon; make the next generation: kydai pki rollover',
  'list-stale': 'a CRL has ended or ends soon; where the key is offline, sign one at a ceremony',
  'list-not-imported': 'there is no CRL; sign one at a ceremony and import it',
  'responder-ended': 'the certificate of the OCSP responder has ended',
  'shared-prime': 'RSA keys share a prime, so that anybody can reckon them; renew with new keys and revoke',
};

function* lines({ token, authorities }: PkiHealthView): Generator<string> {
  if (token !== null) {
    const { label, state, since, waiting, crashes, fault } = token;
    yield `token ${label}: ${state} since ${time(since)}, ${waiting} waiting, ${crashes} crashes${fault === null ? '' : `: ${fault}`}`;
  }
  yield columns(
    authorities.map(({ id, key, keyType, notAfter, lists, responder }) => [
      id,
      `${keyType}, ${key}`,
      `until ${time(notAfter).slice(0, 10)}`,
      lists === null ? 'no CRL yet' : `${lists.count} CRLs, the oldest until ${time(lists.nextUpdate)}`,
      responder === null
        ? 'no responder'
        : `responder (${responder.key}) until ${time(responder.notAfter)}, ${responder.answers} answers ready`,
    ]),
  ).trimEnd();
}

const time = (at: number): string => new Date(at).toISOString().slice(0, 19).concat('Z');

/** The key store of the data folder; beside a running program too, which it does not disturb. */
async function withKeys({ config }: CommandContext, act: (store: KeyStore) => Promise<void>): Promise<void> {
  const { data, pki } = config();
  const paths = dataPaths(data);
  const folder = { ...paths, created: false, release: () => undefined };
  const passphrase = keyPassphrase(folder, process.env);
  await using(await openKeys({ folder: paths.keys, passphrase, settings: pki.keys, clock }), act);
}

/** The token alone, with a folder that is thrown away: it works before the first start. */
async function withToken({ config }: CommandContext, act: (store: KeyStore) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kydai-keys-'));
  const passphrase = randomBytes(16).toString('hex');
  try {
    await using(await openKeys({ folder, passphrase, settings: config().pki.keys, clock }), act);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function using(store: KeyStore, act: (store: KeyStore) => Promise<void>): Promise<void> {
  try {
    await act(store);
  } finally {
    await store.close();
  }
}
