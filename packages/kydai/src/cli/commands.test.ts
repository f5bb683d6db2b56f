import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { commandOf, shelves } from './commands.ts';
import type { CommandContext } from './program.ts';

const output = { write() {}, terminal: false };
const context = { output, operator() {}, config() {}, exit() {} } as unknown as CommandContext;

describe('a module of commands', () => {
  it.each([...shelves.values()].flat().map((shelf) => [shelf.names.join(', '), shelf] as const))(
    'adds %s and nothing else',
    async (_, { names, load }) => {
      const program = new Command();
      (await load())(program, context);
      expect(program.commands.map((command) => command.name())).toEqual(names);
    },
  );
});

describe('the command of a line', () => {
  it.each([
    [['sbom', 'gate'], 'sbom'],
    [['-c', 'sbom', 'start'], 'start'],
    [['--config', 'x.yaml', 'start', '--help'], 'start'],
    [['--config=x.yaml', 'pki'], 'pki'],
    [['--help'], undefined],
    [[], undefined],
  ])('%j is %s', (args, expected) => {
    expect(commandOf(args)).toBe(expected);
  });
});
