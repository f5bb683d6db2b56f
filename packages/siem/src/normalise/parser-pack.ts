import { z } from 'zod';
import { NormaliseError } from './error.ts';
import type { Draft } from './fields.ts';
import { FieldList } from './fields.ts';
import { readPairs } from './key-value.ts';
import { PatternTable } from './pattern.ts';

const Value = z.union([z.string(), z.number(), z.boolean(), z.array(z.string()).readonly()]);

/**
 * A parser as data: which programs it reads, the dataset that it makes, and its message patterns (see pattern.ts), or
 * the names of `key=value` pairs. Each carries the cases that prove it, which are run when it is loaded.
 */
export const ParserDefinition = z
  .strictObject({
    name: z.string().min(1).max(64),
    /** Program names as they stand in the syslog tag; they win over the built-in parsers. */
    programs: z.array(z.string().min(1).max(64)).min(1).max(32).readonly(),
    dataset: z.string().regex(/^[a-z0-9][a-z0-9_-]*(?:\.[a-z0-9_-]+)+$/, 'must be like `vendor.log`'),
    rows: z
      .array(
        z.strictObject({ match: z.string().min(1).max(1024), set: z.record(z.string(), Value).default({}) }),
      )
      .max(500)
      .default([]),
    /** ECS names by key, for messages of `key=value` pairs; read where no row matches. */
    pairs: z.record(z.string(), z.string()).default({}),
    /** At least one case: a message, and the fields that must come of it. */
    tests: z.array(z.strictObject({ message: z.string(), fields: z.record(z.string(), Value) })).min(1),
    /** What it does not understand, for the people who rely on it. */
    gaps: z.array(z.string()).default([]),
  })
  .readonly();
export type ParserDefinition = z.infer<typeof ParserDefinition>;

/** A parser ready to read: adds fields to the draft and sets its dataset. */
export interface CompiledParser {
  readonly programs: readonly string[];
  read(draft: Draft, message: string): void;
}

/**
 * Compiles one definition and runs its cases. Throws `NormaliseError` with `bad-parser` (not of the shape, or a case
 * fails) or `bad-pattern`.
 */
export function compileParser(input: unknown): CompiledParser {
  const parsed = ParserDefinition.safeParse(input);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const place = issue.path.join('.') || 'the parser';
    throw new NormaliseError('bad-parser', `parser is not well formed at \`${place}\`: ${issue.message}`);
  }
  const { name, dataset, programs, rows, pairs, tests } = parsed.data;
  const table = new PatternTable(rows);
  const read = (fields: FieldList, message: string): void => {
    if (table.match(message, fields)) return;
    readPairs(message, 0, (key, value) => {
      if (Object.hasOwn(pairs, key) && value !== '') fields.offer(pairs[key]!, value);
    });
  };
  for (const { message, fields: expected } of tests) {
    const fields = new FieldList();
    read(fields, message);
    for (const [field, value] of Object.entries(expected)) {
      const found = fields.get(field);
      if (JSON.stringify(found) === JSON.stringify(value)) continue;
      throw new NormaliseError(
        'bad-parser',
        `parser \`${name}\` reads \`${field}\` of \`${message}\` as \`${String(found)}\`, its case says \`${String(value)}\``,
      );
    }
  }
  return {
    programs,
    read(draft, message) {
      draft.dataset = dataset;
      read(draft.fields, message);
    },
  };
}
