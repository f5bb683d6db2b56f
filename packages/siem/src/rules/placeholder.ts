import type { ValueContext } from './modifiers.ts';
import { anyText, oneUnit, type Pattern, type PatternPart, parsePattern } from './pattern.ts';
import { quote, RuleFault } from './problem.ts';
import type { SourceScalar } from './source.ts';

const mostVariants = 10_000;

/**
 * The value with each `%name%` replaced by each of its values; none where one has no values. `\%` is a plain percent
 * sign (specification 2.1, "Placeholders"; pySigma reads a backslash and a placeholder, so its use is a warning).
 */
export function expandPattern(node: SourceScalar, context: ValueContext): readonly Pattern[] {
  let variants: PatternPart[][] = [[]];
  for (const piece of split(node, context)) {
    const choices = typeof piece === 'string' ? [parsePattern(piece)] : piece;
    variants = variants.flatMap((variant) => choices.map((choice) => [...variant, ...choice]));
    if (variants.length > mostVariants)
      throw new RuleFault('rule-too-large', node.line, 'too many values for `expand`');
  }
  return variants;
}

/** The regular expression with each `%name%` replaced by a choice of its values, which are no expressions themselves. */
export function expandRegex(node: SourceScalar, context: ValueContext): string | undefined {
  let regex = '';
  for (const piece of split(node, context)) {
    if (typeof piece !== 'string' && piece.length === 0) return undefined;
    regex += typeof piece === 'string' ? piece : `(?:${piece.map(toRegex).join('|')})`;
  }
  return regex;
}

/** The text between placeholders, and of each placeholder its values. */
function split(node: SourceScalar, context: ValueContext): readonly (string | readonly Pattern[])[] {
  const pieces: (string | readonly Pattern[])[] = [''];
  for (const [token, name] of node.text.matchAll(/\\[\\*?%]|%([^%\s\\]+)%|[\s\S]/g)) {
    const values = name === undefined ? undefined : context.placeholders.get(name);
    const last = pieces.length - 1;
    if (name === undefined) {
      if (token === '\\%') {
        const message = '`\\%` is a plain percent sign; write `\\\\%` for a backslash before a placeholder';
        context.warn('placeholder-escaped', node.line, message);
      }
      pieces[last] = `${pieces[last] as string}${token === '\\%' ? '%' : token}`;
      continue;
    }
    if (values === undefined) {
      const message = `${quote(token)} has no values, so this item matches nothing`;
      context.warn('placeholder-unresolved', node.line, message);
    }
    pieces.push(values ?? [], '');
  }
  return pieces;
}

function toRegex(pattern: Pattern): string {
  return pattern
    .map((part) =>
      part === anyText
        ? '(?s:.*)'
        : part === oneUnit
          ? '(?s:.)'
          : (part as string).replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'),
    )
    .join('');
}
