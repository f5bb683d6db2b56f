import { spawn } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { certificationRequest, createDeviceKey } from '@kydai/device';
import { certificates } from '@kydai/pki';
import { openRecords } from '@kydai/store';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../program.ts';

const program = join(import.meta.dirname, '../servers/authority.ts');
const rounds = 8;
const perRound = 250;

/** The guarantee on which revocation rests: what has no record was never let out. */
describe('an authority that is killed at any instant', { timeout: 300_000 }, () => {
  const folder = temporaryFolder();
  const { privateKey } = generateKeyPairSync('ed25519');
  const privateKeyPem = String(privateKey.export({ format: 'pem', type: 'pkcs8' }));
  const publicKeyPem = String(createPublicKey(privateKey).export({ format: 'pem', type: 'spki' }));
  const args = [program, folder, publicKeyPem, privateKeyPem];

  /** Answers by subject, until all came or the process was killed. */
  async function ask(lines: readonly string[], kill?: { readonly answers: number; readonly ms: number }) {
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const answers = new Map<string, { serial: string; der: string }>();
    const ended = once(child, 'exit');
    child.stdin.on('error', () => {});
    for await (const line of createInterface({ input: child.stdout })) {
      if (line === 'ready') {
        for (const each of lines) child.stdin.write(`${each}\n`);
        continue;
      }
      const [subject, serial, der] = line.split(' ');
      // The last line of a killed process may be cut off: then nobody has that certificate.
      if (subject && serial && der && isWhole(der)) answers.set(subject, { serial, der });
      if (answers.size === kill?.answers) setTimeout(() => child.kill('SIGKILL'), kill.ms);
      if (kill === undefined && answers.size === lines.length) child.stdin.end();
    }
    await ended;
    return answers;
  }

  it('has let out nothing that it has no record of, and answers the same request with the same certificate', async () => {
    let seen = 0;
    let cutOff = 0;
    for (let round = 0; round < rounds; round++) {
      const lines = Array.from({ length: perRound }, (_, index) => {
        const id = `kill-${round}-${index}`;
        return `${id} ${certificationRequest(createDeviceKey(), id).toString('base64')}`;
      });
      const killed = await ask(lines, {
        answers: 1 + Math.floor(Math.random() * (perRound / 2)),
        ms: Math.random() * 20,
      });
      const { records, audit } = await openRecords({
        file: join(folder, 'records.db'),
        clock: { now: () => Date.now() },
        auditKey: { publicKeyPem, privateKeyPem },
      });
      for (const [subject, { serial, der }] of killed) {
        expect((await records.get(certificates, serial))?.value).toMatchObject({ subject, der });
      }
      expect((await audit.verify()).faults).toEqual([]);
      await records.close();
      const again = await ask(lines);
      expect(again.size).toBe(perRound);
      for (const [subject, answer] of killed) expect(again.get(subject)).toEqual(answer);
      seen += killed.size;
      if (killed.size < perRound) cutOff++;
    }
    const { records } = await openRecords({
      file: join(folder, 'records.db'),
      clock: { now: () => Date.now() },
      auditKey: { publicKeyPem, privateKeyPem },
    });
    // One for each request, whether its first answer was lost or not.
    expect(await records.count(certificates, { profile: 'device' })).toBe(rounds * perRound);
    await records.close();
    // Kills that came too early or too late for anything would prove nothing.
    expect(seen).toBeGreaterThan(0);
    expect(cutOff).toBeGreaterThan(0);
  });
});

function isWhole(der: string): boolean {
  try {
    return new X509Certificate(Buffer.from(der, 'base64')).serialNumber !== '';
  } catch {
    return false;
  }
}
