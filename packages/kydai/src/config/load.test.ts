import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { isLoopback, loadConfig } from './load.ts';
import { settings } from './schema.ts';

const folder = mkdtempSync(join(tmpdir(), 'kydai-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function load(yaml: string | undefined, environment: Record<string, string> = {}) {
  const file = join(folder, 'kydai.yaml');
  rmSync(file, { force: true });
  if (yaml !== undefined) writeFileSync(file, yaml);
  return loadConfig({ file, required: false, environment });
}

describe('the configuration', () => {
  it('needs no file, and listens on loopback alone', () => {
    const config = load(undefined);
    for (const section of [config.http, config.devices, config.status, config.collect, config.syslog]) {
      expect(isLoopback(section.host)).toBe(true);
    }
  });

  it('takes each setting from the file, and the environment wins', () => {
    expect(load('http: { port: 1000 }').http.port).toBe(1000);
    expect(load('http: { port: 1000 }', { KYDAI_HTTP_PORT: '2000' }).http.port).toBe(2000);
  });

  it('reads every number, switch and list of the environment by the form of its setting', () => {
    const settingsOf = (form: string) => settings().filter((each) => each.form === form);
    for (const { variable, path } of settingsOf('number')) {
      try {
        load(undefined, { [variable]: '7' });
      } catch (error) {
        // A number out of range is refused as one; a number read as text would be refused by its type.
        expect((error as Error).message, path).not.toMatch(/received string/);
      }
    }
    expect(load(undefined, { KYDAI_HTTP_NAMES: 'a.example, b.example' }).http.names).toEqual([
      'a.example',
      'b.example',
    ]);
    expect(load(undefined, { KYDAI_AUTHZEN_TYPES: '{"user":"User"}' }).authzen.types).toEqual({
      user: 'User',
    });
    expect(load(undefined, { KYDAI_RESPONSE_UNATTENDED_PER_HOUR: '5' }).response.unattendedPerHour).toBe(5);
  });

  it('gives every setting a variable of its own and a description', () => {
    const all = settings();
    expect(new Set(all.map(({ variable }) => variable)).size).toBe(all.length);
    expect(all.filter(({ description }) => description === '')).toEqual([]);
    expect(all.find(({ path }) => path === 'syslog.udpPort')?.variable).toBe('KYDAI_SYSLOG_UDP_PORT');
    expect(all.filter(({ secret }) => secret).map(({ path }) => path)).toContain('oidc.clientSecret');
  });

  it.each([
    ['htp: {}', {}, /setting `htp` does not exist/],
    ['http: { prot: 1 }', {}, /setting `http\.prot` does not exist/],
    ['http: { host: example.org }', {}, /`http\.host` must be an IP address/],
    ['- a list', {}, /must hold settings/],
    ['a: &a [*a]', {}, /not valid|does not exist/],
    [undefined, { KYDAI_HTTP_PORT: 'many' }, /KYDAI_HTTP_PORT: setting `http\.port` is not valid/],
    [undefined, { KYDAI_NONSENSE: '1' }, /KYDAI_NONSENSE: no setting/],
    ['http: { url: foo }', {}, /`http\.url` must be an http or https address/],
    ['oidc: { issuer: foo, clientId: x }', {}, /`oidc\.issuer` must be/],
    ['oidc: { issuer: "https://id.example" }', {}, /`oidc\.clientId` is needed/],
  ])('%s %j is refused in one line that names it', (yaml, environment, pattern) => {
    expect(() => load(yaml, environment as Record<string, string>)).toThrow(pattern);
    try {
      load(yaml, environment as Record<string, string>);
    } catch (error) {
      expect((error as Error).message).not.toContain('\n');
    }
  });

  it('a file that was named must be there', () => {
    expect(() => loadConfig({ file: join(folder, 'none.yaml'), required: true, environment: {} })).toThrow(
      /cannot read/,
    );
  });
});
