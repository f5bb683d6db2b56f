import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, type Program, startProgram } from '../program.ts';

let centre: Program;

beforeAll(async () => {
  centre = await startProgram();
});
afterAll(() => centre.stop());

const file = (name: string) => join(centre.folder, name);
const bundle = (...args: string[]) => centre.cli('policy', 'bundle', ...args);

describe('a bundle that is carried by hand', () => {
  it('brings the policies to an edge site, whose version never goes back', async () => {
    const [newer, older, keys] = [file('edge.jws'), file('older.jws'), file('edge.json')];
    expect((await bundle('sign', older)).stdout).toMatch(/^version 1 in /);
    expect((await bundle('sign', newer)).stdout).toMatch(/^version 2 in /);
    expect((await bundle('keys', keys)).code).toBe(0);
    const shown = await bundle('inspect', newer, '--key', keys);
    expect(shown.stdout).toMatch(
      /^version 2, signed .*\nset [0-9a-f]{12}: \d+ policies .*, 0 templates, 0 links\n/,
    );
    const [first, second] = [readFileSync(older, 'utf8'), readFileSync(newer, 'utf8')];
    const environment = { KYDAI_POLICY_BUNDLE_SOURCE: newer, KYDAI_POLICY_BUNDLE_KEY: keys };
    writeFileSync(newer, first);
    let edge = await startProgram({ environment });
    try {
      writeFileSync(newer, second);
      expect((await edge.cli('policy', 'reload')).stdout).toContain('bundle version 2');
      writeFileSync(newer, first);
      const back = await edge.cli('policy', 'reload');
      expect(back.code).toBe(2);
      expect(back.stderr).toMatch(/version 1, and 2 was accepted before/);
      // Neither at a restart, a kill included: what was kept stays in force, with the centre away too.
      edge = await edge.restart('SIGKILL');
      expect((await edge.cli('policy', 'reload')).code).toBe(2);
      rmSync(newer);
      edge = await edge.restart();
      const status = await edge.cli('policy', 'bundle', 'status');
      expect(status.stdout).toMatch(/in force +version 2/);
      expect(status.stdout).toMatch(/problem +cannot read the policy bundle/);
      writeFileSync(newer, `${second.trim().slice(0, -6)}AAAAAA`);
      expect((await edge.cli('policy', 'reload')).stderr).toMatch(
        /not signed by a trusted key, or was changed/,
      );
      writeFileSync(newer, '<html>gone</html>');
      expect((await edge.cli('policy', 'reload')).stderr).toMatch(/no signed bundle at all/);
      writeFileSync(newer, second);
      expect((await edge.cli('policy', 'reload')).stdout).toContain('bundle version 2');
    } finally {
      await edge.stop();
    }
  });
});

describe('an edge site that polls its centre', () => {
  it('takes what is new by itself, follows a change of keys, and keeps what it has when the centre is away', async () => {
    const made = await centre.cli('token', 'create', 'edge', '--scope', 'read-api');
    const keys = file('trusted.json');
    await bundle('sign');
    await bundle('keys', keys);
    const environment = {
      KYDAI_POLICY_BUNDLE_SOURCE: `${centre.addresses.http}/api/v1/policies/bundle`,
      KYDAI_POLICY_BUNDLE_KEY: keys,
      KYDAI_POLICY_BUNDLE_TOKEN: /kdt_\S+/.exec(made.stdout)![0],
      KYDAI_POLICY_BUNDLE_SECONDS: '1',
    };
    let edge = await startProgram({ environment });
    const version = async () =>
      Number(/in force +version (\d+)/.exec((await edge.cli('policy', 'bundle', 'status')).stdout)?.[1]);
    const takes = (expected: number) => eventually(async () => (await version()) === expected, 30_000);
    try {
      const first = await version();
      await bundle('sign');
      await takes(first + 1);
      // Out of turn.
      expect((await bundle('rotate', '--finish')).stderr).toMatch(/no next key is announced/);
      expect((await bundle('rotate')).stdout).toMatch(/announces the next key/);
      expect((await bundle('rotate')).stderr).toMatch(/announced already/);
      await takes(first + 2);
      expect((await bundle('rotate', '--finish')).stdout).toMatch(/signed by the new key/);
      await takes(first + 3);
      // The file still names the old key alone: what was handed over outlives a restart.
      edge = await edge.restart('SIGKILL');
      await bundle('sign');
      await takes(first + 4);
      const old = await bundle('inspect', ...(await signedTo('late.jws')), '--key', keys);
      expect(old.stderr).toMatch(/signed by key .*, which is not trusted here/);

      // The centre goes; the site stays as it is, and starts again without it.
      const before = await version();
      await centre.stop();
      edge = await edge.restart();
      expect(await version()).toBeGreaterThanOrEqual(before);
      expect((await edge.cli('policy', 'bundle', 'status')).stdout).toMatch(/problem +cannot read/);
    } finally {
      await edge.stop();
    }
  });

  const signedTo = async (name: string) => {
    await bundle('sign', file(name));
    return [file(name)];
  };
});
