import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Program, startProgram } from '../program.ts';

describe('the audit log of a program whose disk is in other hands', () => {
  let program: Program;
  beforeAll(async () => {
    program = await startProgram();
  });
  afterAll(() => program.stop());

  it('is proven against a checkpoint that was kept elsewhere', async () => {
    const kept = join(program.folder, 'kept.json');
    expect((await program.cli('audit', 'checkpoint', '--out', kept)).code).toBe(0);
    expect(JSON.parse(readFileSync(kept, 'utf8')).publicKeyPem).toContain('BEGIN PUBLIC KEY');
    const { code, stdout } = await program.cli('audit', 'verify', '--against', kept);
    expect(stdout).toContain('intact');
    expect(code).toBe(0);
  });

  it('is BROKEN when everything but the kept checkpoint was made anew', async () => {
    const kept = join(program.folder, 'kept.json');
    await program.stop();
    const data = join(program.folder, 'data');
    for (const end of ['', '-wal', '-shm']) rmSync(join(data, `records.sqlite${end}`), { force: true });
    rmSync(join(data, 'keys'), { recursive: true });
    program = await startProgram({ folder: program.folder });
    const own = await program.cli('audit', 'verify');
    expect(own.code).toBe(1);
    expect(own.stdout).toContain('BROKEN');
    rmSync(join(data, 'audit-checkpoint.json'), { force: true });
    const { code, stdout } = await program.cli('audit', 'verify', '--against', kept);
    expect(stdout).toContain('BROKEN');
    expect(code).toBe(1);
  });
});
