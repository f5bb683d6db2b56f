import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Program, startProgram } from '../program.ts';

describe('API tokens', () => {
  let program: Program;
  beforeAll(async () => {
    program = await startProgram();
  });
  afterAll(() => program.stop());

  const opens = async (secret: string) =>
    (
      await fetch(`${program.addresses.http}/api/v1/devices`, {
        headers: { authorization: `Bearer ${secret}` },
      })
    ).status;
  const list = async () =>
    JSON.parse((await program.cli('token', 'list', '--json')).stdout) as Record<string, unknown>[];

  it('are listed without their secrets, and open nothing once they are revoked', async () => {
    const first = (await program.cli('token', 'create', 'pipeline', '--scope', 'read-api')).stdout.trim();
    const second = (await program.cli('token', 'shipper', '--scope', 'read-api')).stdout.trim();
    expect([await opens(first), await opens(second)]).toEqual([200, 200]);

    const held = await list();
    expect(held.map(({ name }) => name).sort()).toEqual(['pipeline', 'shipper']);
    expect(Object.keys(held[0]!).sort()).toEqual(['created', 'createdBy', 'expires', 'id', 'name', 'scopes']);

    const { id } = held.find(({ name }) => name === 'pipeline')!;
    expect((await program.cli('token', 'revoke', String(id))).stdout).toContain('Revoked pipeline');
    expect([await opens(first), await opens(second)]).toEqual([401, 200]);
    expect((await list()).find((each) => each['id'] === id)).toMatchObject({
      revoked: { by: 'user:operator' },
    });
    expect((await program.cli('audit', 'list')).stdout).toContain('token.revoke');
    expect((await program.cli('token', 'list')).stdout).toContain('revoked by user:operator');
  });

  it('are not listed or revoked by a token', async () => {
    const made = (await program.cli('token', 'create', 'nosy', '--scope', 'read-api')).stdout.trim();
    for (const [method, path] of [
      ['GET', ''],
      ['POST', '/some/revoke'],
    ] as const) {
      const response = await fetch(`${program.addresses.http}/api/v1/api-tokens${path}`, {
        method,
        headers: { authorization: `Bearer ${made}` },
      });
      expect(response.status).toBe(403);
    }
    expect((await program.cli('token', 'revoke', 'nobody')).stderr).toContain('no API token has the id');
  });
});
