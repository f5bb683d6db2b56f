import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { missingElements } from '../model/minimum.ts';
import { readBom } from '../model/validate.ts';
import { recordingIo, temporaryFolder } from '../testing.ts';
import { runGenerate } from './generate.ts';

it.each(['cyclonedx', 'cyclonedx-1.7'] as const)(
  'writes %s that the official schema accepts, with its author',
  async (format) => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'p');
    mkdirSync(path);
    const packages = { 'node_modules/a': { version: '1.0.0', license: 'MIT', integrity: 'sha512-AAAA' } };
    writeFileSync(join(path, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, packages }));
    const output = join(folder.path, 'bom.json');
    const clock = { now: () => Date.UTC(2026, 10, 21) };
    expect(await runGenerate({ path, output, format, author: 'Sở TTTT', clock }, recordingIo())).toBe(0);
    const bom = await readBom(readFileSync(output, 'utf8'));
    expect(bom.specVersion).toBe(format === 'cyclonedx' ? '1.6' : '1.7');
    expect(missingElements(bom)).not.toContain('author');
  },
);
