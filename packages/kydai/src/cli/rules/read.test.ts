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
