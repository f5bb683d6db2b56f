import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Program, startProgram } from '../program.ts';

interface Described {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly parameters?: readonly Parameter[] }>>>
  >;
}
interface Parameter {
  readonly name: string;
  readonly in: string;
}

const values = [
  '%00',
  'a'.repeat(3000),
  '..%2f..%2fetc',
  '%ff%fe',
  '%22%3Cscript%3E',
  '-1',
  '1e999',
  '__proto__',
];
const bodies = ['', '{', '[]', 'null', '{"__proto__":{"x":1}}', '['.repeat(20_000)];
/** They answer without end, or change what the rest stands on. */
const leftOut = /\/(?:tail|export|stream|rollover|migration|bundle)\b/;

describe('requests of somebody who means harm', () => {
  let program: Program;
  let key: string;
  let routes: readonly (readonly [method: string, path: string, parameters: readonly string[]])[];

  beforeAll(async () => {
    program = await startProgram();
    const operator: unknown = JSON.parse(readFileSync(join(program.folder, 'data/operator.json'), 'utf8'));
    ({ key } = operator as { key: string });
    const described = (await (await fetch(`${program.addresses.http}/api/openapi.json`)).json()) as Described;
    routes = Object.entries(described.paths)
      .filter(([path]) => !leftOut.test(path))
      .flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, { parameters = [] }]) => {
          const names = parameters.filter((each) => each.in === 'query').map(({ name }) => name);
          return [method.toUpperCase(), path, names] as const;
        }),
      );
  }, 60_000);
  afterAll(() => program.stop());

  const ask = async (method: string, path: string, body?: string) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const sent = body === undefined ? {} : { body };
    const response = await fetch(program.addresses.http + path, { method, headers, ...sent });
    await response.body?.cancel();
    return response.status;
  };

  it('never find a fault of ours, whatever stands in the address', async () => {
    const faults: string[] = [];
    for (const [method, path, parameters] of routes) {
      if (method !== 'GET') continue;
      for (const value of values) {
        const hostile = path.replaceAll(/\{[^}]+\}/g, value);
        const plain = path.replaceAll(/\{[^}]+\}/g, 'x');
        const asked = [
          ...(hostile === path ? [] : [hostile]),
          ...parameters.map((name) => `${plain}?${name}=${value}`),
        ];
        for (const one of asked) if ((await ask(method, one)) === 500) faults.push(one.slice(0, 100));
      }
    }
    expect(faults).toEqual([]);
  });

  it('nor whatever they send', async () => {
    const faults: string[] = [];
    for (const [method, path] of routes) {
      if (method === 'GET') continue;
      for (const body of bodies) {
        const place = path.replaceAll(/\{[^}]+\}/g, 'x');
        if ((await ask(method, place, body)) === 500) faults.push(`${method} ${place} ${body.slice(0, 30)}`);
      }
    }
    expect(faults).toEqual([]);
    expect(program.printed).not.toMatch(/"level":50/);
  });

  it.each([
    ['*.hue.example', 'is not a host name'],
    ['0.0.0.0', 'is the address of no host'],
    ['::ffff:10.0.0.1', 'is the address of no host'],
    ['g\u0430teway.hue', 'is not in ASCII'],
  ])(
    'for a certificate of %s are refused by name and audited, and nothing is issued',
    async (name, reason) => {
      const args = ['pki', 'p12', 'portal', '--profile', 'service', '--key', 'EC-P256', '--name', name];
      const { code, stderr } = await program.cli(...args);
      expect(stderr).toContain(reason);
      expect(code).toBe(2);
      expect((await program.cli('pki', 'list', '--json')).stdout).not.toContain('portal');
      expect((await program.cli('audit', 'list')).stdout).toMatch(/certificate\.refuse +subject:portal/);
    },
  );

  it.each(['x-forwarded-for', 'forwarded', 'x-real-ip', 'via'])(
    'that a proxy on this machine passes on (%s) are not those of this machine',
    async (name) => {
      const { http, collect } = program.addresses;
      for (const url of [
        `${http}/metrics`,
        `${http}/.well-known/authzen-configuration`,
        `${collect}/_bulk`,
      ]) {
        const method = url.endsWith('_bulk') ? 'POST' : 'GET';
        expect((await fetch(url, { method, headers: { [name]: '203.0.113.9' } })).status).toBe(401);
      }
      expect((await fetch(`${http}/metrics`)).status).toBe(200);
    },
  );

  it('are answered to nobody without a proof', async () => {
    const open: string[] = [];
    for (const [method, path] of routes) {
      const place = path.replaceAll(/\{[^}]+\}/g, 'x');
      const response = await fetch(program.addresses.http + place, { method });
      await response.body?.cancel();
      if (response.status !== 401) open.push(`${method} ${place} ${response.status}`);
    }
    expect(open).toEqual([]);
    expect(routes.length).toBeGreaterThan(80);
  });
});
