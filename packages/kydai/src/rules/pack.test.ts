import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { loadRules } from '@kydai/siem';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readContent } from '../boot/content.ts';
import { rulesInForce } from './in-force.ts';
import { installPack, removePack } from './installed.ts';
import { readPack } from './pack.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kydai-pack-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const rule = (n: number, selection = `CommandLine|contains: 'evil ${n}'`) => `title: Rule ${n}
id: ${id(n)}
logsource: { product: windows, category: process_creation }
detection:
  selection: { ${selection} }
  condition: selection
level: high
`;

/** A pack of `good` rules and 100 broken ones, each broken in its own way. */
function writePack(name: string, good: number): string {
  const at = join(folder, name);
  mkdirSync(join(at, 'deep/er'), { recursive: true });
  for (let n = 0; n < good; n++) writeFileSync(join(at, `deep/er/good-${n}.yml`), rule(n));
  const defects = [
    'title: [unclosed',
    'just text',
    '\0\0\0binary',
    rule(1000).replace('condition: selection', 'condition: nothing and ('),
    rule(1000, "CommandLine|re: '(a+)+\\1$'"),
    rule(1000, "CommandLine|nonsense: 'x'"),
    rule(1000).replace(/detection:[\s\S]*/, ''),
    `a: ${'['.repeat(5000)}`,
    '&a [*a, *a]',
    rule(1000).replace(/logsource.*\n/, ''),
  ];
  for (let n = 0; n < 100; n++) {
    writeFileSync(
      join(at, `broken-${n}.yml`),
      defects[n % defects.length]!.replaceAll(id(1000), id(5000 + n)),
    );
  }
  writeFileSync(join(at, 'README.md'), '# not a rule');
  writeFileSync(join(at, '.hidden.yml'), rule(900));
  writeFileSync(join(at, 'huge.yml'), `# ${'x'.repeat(1_000_001)}\n${rule(901)}`);
  return at;
}

describe('a rule pack', () => {
  it('reads the same from a folder, a zip and a tar.gz; a hundred broken rules are named and the rest go on', async () => {
    const at = writePack('mixed', 30);
    execFileSync('tar', ['-czf', join(folder, 'mixed.tar.gz'), '-C', folder, 'mixed']);
    const members = readdirSync(at, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    const zip = zipSync(
      Object.fromEntries(members.map((path) => [relative(folder, path), readFileSync(path)])),
    );
    writeFileSync(join(folder, 'mixed.zip'), zip);
    for (const path of [at, join(folder, 'mixed.tar.gz'), join(folder, 'mixed.zip')]) {
      const { files, tooLarge } = await readPack(path);
      expect(files).toHaveLength(130);
      expect(tooLarge).toHaveLength(1);
      const { rules, problems } = loadRules(files);
      expect(rules.size).toBe(30);
      const errors = problems.filter(({ severity }) => severity === 'error');
      expect(new Set(errors.map(({ file }) => file)).size).toBe(100);
    }
  });

  it('follows no link and keeps names of archives as names', async () => {
    const at = join(folder, 'links');
    mkdirSync(at);
    symlinkSync('/etc', join(at, 'etc'));
    symlinkSync('/etc/hostname', join(at, 'secret.yml'));
    writeFileSync(join(at, 'good.yml'), rule(1));
    expect((await readPack(at)).files.map(({ file }) => file)).toEqual(['good.yml']);
    execFileSync(
      'tar',
      ['-czf', join(folder, 'up.tar.gz'), '--transform', 's,^,../../../tmp/,', '-C', at, 'good.yml'],
      {
        stdio: 'ignore',
      },
    );
    expect((await readPack(join(folder, 'up.tar.gz'))).files).toHaveLength(1);
  });

  it.each([
    ['no such path', 'missing.zip', undefined],
    ['another kind of file', 'rules.rar', 'x'],
    ['a zip that is cut off', 'cut.zip', 'PK\x03\x04 and nothing'],
    ['a tar.gz that is cut off', 'cut.tar.gz', gzipSync(Buffer.alloc(5000, 'x')).subarray(0, 30)],
    ['a tar.gz of noise', 'noise.tar.gz', gzipSync(Buffer.alloc(5000, 'x'))],
    ['a gzip bomb', 'bomb.tar.gz', 'bomb'],
  ])('is refused with a reason: %s', async (_what, name, content) => {
    const path = join(folder, name);
    if (content === 'bomb') {
      // 200 MB of zeros in less than one, as the content of one member.
      const head = `printf '' > empty; tar -cf - --files-from /dev/null | head -c 0; head -c 200000000 /dev/zero | gzip -1 > ${name}`;
      execFileSync('bash', ['-c', head], { cwd: folder });
    } else if (content !== undefined) writeFileSync(path, content);
    await expect(readPack(path)).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('an imported pack', () => {
  const content = { ...readContent(''), rules: [{ file: 'own.yml', text: rule(1) }] };
  const data = () => join(folder, 'data');

  it('is in force beside our own rules; an id that is taken stays ours, and its filters reach only its own', () => {
    const filter = `title: Mute everything
id: ${id(77)}
logsource: { product: windows, category: process_creation }
filter:
  rules: any
  selection: { CommandLine|contains: evil }
  condition: not selection
`;
    installPack(data(), 'community', [
      { file: 'a.yml', text: rule(1).replace('Rule 1', 'Not ours') },
      { file: 'b.yml', text: rule(2) },
      { file: 'c.yml', text: filter },
      { file: 'd.yml', text: 'broken: [' },
    ]);
    const { rules, packOf, packProblems } = rulesInForce(content, data());
    expect(rules.rules.map(({ id: each }) => each)).toEqual([id(1), id(2)]);
    expect(rules.rules[0]).toMatchObject({ title: 'Rule 1', expression: { kind: 'match' } });
    expect(rules.rules[1]?.expression.kind).toBe('and');
    expect(packOf(id(1))).toBeUndefined();
    expect(packOf(id(2))).toBe('community');
    expect(packProblems.get('community')?.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['id-duplicate', 'yaml-invalid']),
    );
    expect(removePack(data(), 'community')).toBe(true);
    expect(removePack(data(), 'community')).toBe(false);
    expect(rulesInForce(content, data()).rules.size).toBe(1);
  });

  it('that was damaged on the disk is left out and named', () => {
    installPack(data(), 'whole', [{ file: 'b.yml', text: rule(2) }]);
    writeFileSync(join(data(), 'rules/torn.json'), '{"files":[{"fi');
    const { rules, damaged } = rulesInForce(content, data());
    expect(rules.size).toBe(2);
    expect(damaged).toEqual(['torn']);
  });

  it('has a name that is one', () => {
    for (const name of ['../up', 'Ab', '', 'a/b', 'x'.repeat(64)])
      expect(() => installPack(data(), name, [])).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});
