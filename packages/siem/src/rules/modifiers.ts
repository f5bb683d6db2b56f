import { RE2JS } from 're2js';
import { anchor, base64Offsets, encodeText, windash } from './encode.ts';
import type { Comparison, Expression, FieldSource, Predicate, TimePart } from './expression.ts';
import { join, negate, never } from './expression.ts';
import { checkModifiers, comparisons, encodings, matches, regexFlags, timeParts } from './modifier-set.ts';
import { parseNetwork } from './network.ts';
import { type Pattern, parsePattern, tidy } from './pattern.ts';
import { expandPattern, expandRegex } from './placeholder.ts';
import { quote, RuleFault } from './problem.ts';
import { isNull, type SourceNode, type SourceScalar } from './source.ts';

/** What reading a value needs from outside the rule. */
export interface ValueContext {
  field(name: string): FieldSource;
  readonly placeholders: ReadonlyMap<string, readonly Pattern[]>;
  warn(code: 'placeholder-escaped' | 'placeholder-unresolved', line: number, message: string): void;
}

/**
 * One item of a search, `field|modifiers: values` (specification 2.1 and its modifiers appendix), as an expression.
 * An empty field name means keywords. Throws a `RuleFault`.
 */
export function readItem(key: string, value: SourceNode, line: number, context: ValueContext): Expression {
  const [name = '', ...modifiers] = key.split('|');
  const used = checkModifiers(modifiers, line);
  const field = name === '' ? undefined : context.field(name);
  const values = value.kind === 'list' ? value.items : [value];
  if (values.length === 0) throw new RuleFault('detection-invalid', line, `${quote(key)} has no values`);
  const children = values.map((node) => {
    if (node.kind !== 'scalar')
      throw new RuleFault('detection-invalid', node.line, `${quote(key)} needs plain values`);
    return readValue(node, field, modifiers, used, context);
  });
  const all = join(used.has('all') ? 'and' : 'or', children);
  return used.has('neq') ? negate(all) : all;
}

function readValue(
  node: SourceScalar,
  field: FieldSource | undefined,
  modifiers: readonly string[],
  used: ReadonlySet<string>,
  context: ValueContext,
): Expression {
  const invalid = (message: string) => new RuleFault('value-invalid', node.line, message);
  if (isNull(node) && modifiers.some((modifier) => modifier !== 'all' && modifier !== 'neq')) {
    throw invalid('`null` is asked for as it stands, without modifiers but `neq`');
  }
  if (used.has('re')) return readRegex(node, field, used, modifiers, context);
  if (
    field === undefined &&
    ['cidr', 'exists', 'fieldref', ...comparisons, ...timeParts].some((m) => used.has(m))
  ) {
    throw new RuleFault('modifier-invalid', node.line, 'keywords take only text modifiers');
  }
  if (field !== undefined) {
    const part = timeParts.find((candidate) => used.has(candidate));
    const compare = comparisons.find((candidate) => used.has(candidate));
    if (part || compare) return match(readNumber(node, field, compare ?? 'eq', part));
    if (used.has('cidr')) {
      if (!parseNetwork(node.text)) throw invalid(`${quote(node.text)} is not an IP network`);
      return match({ kind: 'cidr', field, network: node.text });
    }
    if (used.has('exists')) {
      if (!/^(?:true|false|yes|no)$/i.test(node.text)) throw invalid('`exists` takes true or false');
      return match({ kind: 'exists', field, there: /^(?:true|yes)$/i.test(node.text) });
    }
    if (used.has('fieldref')) {
      const how = matches.find((candidate) => used.has(candidate)) ?? 'equals';
      return match({
        kind: 'fieldref',
        field,
        other: context.field(node.text),
        match: how,
        cased: used.has('cased'),
      });
    }
    if (isNull(node)) return match({ kind: 'null', field });
  }
  return readText(node, field, modifiers, used, context);
}

function readText(
  node: SourceScalar,
  field: FieldSource | undefined,
  modifiers: readonly string[],
  used: ReadonlySet<string>,
  context: ValueContext,
): Expression {
  // Values come in before anything else is done to the text, wherever `expand` stands.
  let patterns = used.has('expand') ? expandPattern(node, context) : [parsePattern(node.text)];
  let encoding: string | undefined;
  for (const modifier of modifiers) {
    if (modifier === 'windash') patterns = patterns.flatMap((pattern) => windash(pattern, node.line));
    else if (modifier === 'base64' || modifier === 'base64offset') {
      patterns = patterns.flatMap((pattern) => {
        const bytes = encodeText(pattern, encoding, node.line);
        return (modifier === 'base64' ? [bytes.toString('base64')] : base64Offsets(bytes)).map((text) => [
          text,
        ]);
      });
      encoding = undefined;
    } else if ((encodings as readonly string[]).includes(modifier)) encoding = modifier;
  }
  if (encoding !== undefined) {
    patterns = patterns.map((pattern) => [encodeText(pattern, encoding, node.line).toString('latin1')]);
  }
  const how =
    matches.find((candidate) => used.has(candidate)) ?? (field === undefined ? 'contains' : undefined);
  return join(
    'or',
    patterns.map((pattern) =>
      match({ kind: 'text', field, pattern: tidy(anchor(pattern, how)), cased: used.has('cased') }),
    ),
  );
}

/** Twice the largest of SigmaHQ's (`.{1000,}`); a value of 32 KB then takes a quarter of a second at the worst. */
const mostInstructions = 2000;

/** A regular expression is searched for; `startswith` and `endswith` bind it to that end of the value. */
function readRegex(
  node: SourceScalar,
  field: FieldSource | undefined,
  used: ReadonlySet<string>,
  modifiers: readonly string[],
  context: ValueContext,
): Expression {
  const flags = regexFlags(modifiers);
  const written = used.has('expand') ? expandRegex(node, context) : node.text;
  if (written === undefined) return never;
  const bound = used.has('startswith') || used.has('endswith') ? `(?:${written})` : written;
  const regex = `${used.has('startswith') ? '\\A' : ''}${bound}${used.has('endswith') ? '\\z' : ''}`;
  try {
    // By itself, too: what does not stand alone could close the brackets that are put around it.
    for (const text of new Set([node.text, regex])) {
      // Each unit of a value may meet each instruction: linear, and yet seconds for `.{1000}` written twenty times.
      if (compileRegex(text, flags).programSize() > mostInstructions)
        throw new RuleFault('rule-too-large', node.line, `${quote(node.text)} repeats too much`);
    }
  } catch (error) {
    if (error instanceof RuleFault) throw error;
    const reason = error instanceof Error ? error.message : 'unknown';
    throw new RuleFault(
      'regex-invalid',
      node.line,
      `${quote(node.text)} ${isRegex(node.text) ? 'cannot run in linear time' : 'is no regular expression'}: ${quote(reason)}`,
    );
  }
  return match({ kind: 'regex', field, regex, flags });
}

/** Whether it is one elsewhere: look-arounds and references back are. It is only read here, never run. */
function isRegex(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}

/** Compiles with RE2's syntax, which no input can make slow; throws what re2js throws. */
export function compileRegex(regex: string, flags: string): RE2JS {
  let bits = 0;
  if (flags.includes('i')) bits |= RE2JS.CASE_INSENSITIVE;
  if (flags.includes('m')) bits |= RE2JS.MULTILINE;
  if (flags.includes('s')) bits |= RE2JS.DOTALL;
  return RE2JS.compile(regex, bits);
}

function readNumber(node: SourceScalar, field: FieldSource, compare: Comparison, part?: TimePart): Predicate {
  const value = node.text.trim() === '' ? Number.NaN : Number(node.text);
  if (!Number.isFinite(value))
    throw new RuleFault('value-invalid', node.line, `${quote(node.text)} is not a number`);
  return { kind: 'number', field, compare, value, part };
}

function match(predicate: Predicate): Expression {
  return { kind: 'match', predicate };
}
