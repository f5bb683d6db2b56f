import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { builtInContent, readPolicies } from '../boot/content.ts';
import { prepare } from './candidate.ts';

const content = mkdtempSync(join(tmpdir(), 'kydai-test-'));
afterAll(() => rmSync(content, { recursive: true, force: true }));
const links = join(content, 'policies/access/one.links.json');

it('templates of the content folder come into force with their links, and a bad link is refused with its file', () => {
  mkdirSync(join(content, 'policies/access'), { recursive: true });
  cpSync(join(builtInContent, 'policies/schema.cedarschema'), join(content, 'policies/schema.cedarschema'));
  writeFileSync(
    join(content, 'policies/access/one.cedar'),
    '@id("zone-publishes") permit (principal in ?principal, action == Action::"publish", resource);\n',
  );
  const link = (template: string) => {
    const values = { principal: { type: 'Zone', id: 'north' } };
    writeFileSync(links, JSON.stringify([{ template, id: 'north-publishes', values }]));
    return () => prepare(readPolicies(content));
  };
  expect(link('zone-publishes')().policySet.policies.map(({ id }) => id)).toEqual(['north-publishes']);
  expect(link('none')).toThrow(expect.objectContaining({ code: 'link' }));
  writeFileSync(links, '{');
  expect(() => prepare(readPolicies(content))).toThrow(
    expect.objectContaining({ code: 'link', file: 'policies/access/one.links.json' }),
  );
});
