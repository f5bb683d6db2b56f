import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../config/load.ts';
import type { CommandContext } from '../program.ts';
import { addRuleReadingCommands } from './read.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kydai-rules-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function run(...args: string[]): Promise<{ code: number; text: string }> {
  let text = '';
  let code = 0;
  const rules = new Command('rules').exitOverride();
  const config = loadConfig({ file: 'none', required: false, environment: { KYDAI_DATA: folder } });
  addRuleReadingCommands(rules, {
    output: {
      write(more) {
        text += more;
      },
      terminal: false,
    },
    config: () => config,
    exit: (given) => {
      code = given;
    },
  } as CommandContext);
  await rules.parseAsync(args, { from: 'user' });
  return { code, text };
}

describe('rules check', () => {
  it('does not pass over a file that is too large', async () => {
    writeFileSync(join(folder, 'a.yml'), `title: A\n# ${'x'.repeat(1_000_001)}\n`);
    const { code, text } = await run('check', folder);
    expect(code).toBe(1);
    expect(text).toContain('a.yml: larger than a rule can be');
  });

  it('does not pass a folder without rules', async () => {
    await expect(run('check', folder)).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('rules test', () => {
  const rule = `title: Refused
id: 5f0d4f0e-6a53-4c59-9a54-0b1f4c3a9d11
logsource: { product: fortigate }
detection:
  selection: { action: deny }
  condition: selection
tests:
  - { name: refused, fires: true, events: [{ dataset: gate.log, fields: { fgt.action: deny } }] }
  - { name: let through, fires: false, events: [{ dataset: gate.log, fields: { fgt.action: accept } }] }
`;
  const mapping = `name: fortigate
mappings:
  - { logsource: { product: fortigate }, datasets: [gate.log], fields: { action: fgt.action } }
`;

  it('reads fields where the mappings keep them', async () => {
    const [path, pipeline] = [join(folder, 'rule.yml'), join(folder, 'mapping.yml')];
    writeFileSync(path, rule);
    writeFileSync(pipeline, mapping);
    expect(await run('test', path)).toMatchObject({ code: 1, text: expect.stringContaining('1 failed') });
    expect(await run('test', path, '--pipeline', pipeline)).toEqual({
      code: 0,
      text: '2 passed, 0 failed\n',
    });
  });
});
