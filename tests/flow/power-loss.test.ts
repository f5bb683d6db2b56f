import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Program, startProgram } from '../program.ts';

const kydai = join(import.meta.dirname, '../../packages/kydai/src/kydai.js');
const failAt = join(import.meta.dirname, 'power/fail-at.js');

interface Listed {
  readonly serial: string;
}

/** Power fails before each step that a device takes, in turn: on its disk, before a request leaves, with an answer unread. */
describe('a device whose power fails between any two steps', { timeout: 300_000 }, () => {
  let program: Program;
  beforeAll(async () => {
    program = await startProgram();
    const root = await fetch(`${program.addresses.status}/pki/ca/root.pem`);
    writeFileSync(join(program.folder, 'root.pem'), await root.text());
  });
  afterAll(() => program.stop());

  /** Resolves to what it printed, or undefined where the power failed. */
  const device = (failing: number, ...args: string[]) =>
    new Promise<string | undefined>((resolve, reject) => {
      const all = ['--import', failAt, kydai, 'device', ...args];
      all.push('--server', program.addresses.devices, '--ca', 'root.pem');
      const options = { cwd: program.folder, env: { ...process.env, FAIL_AT: String(failing) } };
      execFile(process.execPath, all, options, (error, stdout, stderr) => {
        if (error?.signal === 'SIGKILL') resolve(undefined);
        else if (error !== null) reject(new Error(`at step ${failing}: ${stderr}`));
        else resolve(stdout);
      });
    });
  const stepsOf = (printed: string | undefined) => Number(/steps (\d+)/.exec(printed ?? '')?.[1]);
  const api = async (path: string, body?: object) => {
    const { key } = JSON.parse(readFileSync(join(program.folder, 'data/operator.json'), 'utf8'));
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const post = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    const answer = await fetch(`${program.addresses.http}/api/v1/${path}`, { headers, ...post });
    expect(answer.status).toBe(200);
    return await answer.json();
  };
  const certificatesOf = async (id: string) =>
    ((await api(`certificates?subject=${id}`)) as { items: Listed[] }).items;
  const token = async (deviceId: string): Promise<string> =>
    (await api('enrolment-tokens', { deviceId, kind: 'camera', zone: 'north' })).token;
  const held = (id: string) =>
    new X509Certificate(
      /-----BEGIN CERT[\s\S]+?-----END CERTIFICATE-----/.exec(
        readFileSync(join(program.folder, id, 'identity.pem'), 'utf8'),
      )![0],
    ).serialNumber.toLowerCase();

  it('enrols by the same call again, with one token and one certificate', async () => {
    const whole = ['enrol', 'whole', '--folder', 'whole', '--token', await token('whole')];
    const steps = stepsOf(await device(0, ...whole));
    expect(steps).toBeGreaterThan(20);
    for (let at = 1; at <= steps; at++) {
      const id = `dark-${at}`;
      const enrol = ['enrol', id, '--folder', id, '--token', await token(id)];
      expect(await device(at, ...enrol)).toBeUndefined();
      await device(0, ...enrol);
      expect(await certificatesOf(id)).toEqual([expect.objectContaining({ serial: held(id) })]);
      expect(readdirSync(join(program.folder, id)).sort()).toEqual(['ca.pem', 'identity.pem']);
    }
  });

  it('renews by the same call again, and always holds a whole identity', async () => {
    const id = 'renewing';
    mkdirSync(join(program.folder, id), { mode: 0o700 });
    await device(0, 'enrol', id, '--folder', id, '--token', await token(id));
    const steps = stepsOf(await device(0, 'renew', '--folder', id));
    for (let at = 1; at <= steps; at++) {
      const before = held(id);
      expect(await device(at, 'renew', '--folder', id)).toBeUndefined();
      const between = held(id);
      await device(0, 'renew', '--folder', id);
      const after = held(id);
      const issued = (await certificatesOf(id)).map(({ serial }) => serial);
      // An answer that was lost is given again: nothing was issued that the device does not come to hold.
      expect(issued.slice(0, issued.indexOf(before))).toEqual(
        between === before ? [after] : [after, between],
      );
    }
  });
});
