import { regexNeeds } from '../detect/regex-literals.ts';
import type { Expression, Predicate } from './expression.ts';
import { compileRegex } from './modifiers.ts';
import { RuleFault } from './problem.ts';

/**
 * What the regular expressions of one pack may cost together, in instructions of RE2; a value may meet each of them with
 * each of its units. Those that stand behind a literal are asked of few events, the others of all that have the field.
 * An expression that wants a long text is asked of long texts only, and counts by that. SigmaHQ's 3,754 rules come to
 * 8,000 and 450.
 */
const most = { behindLiterals: 60_000, always: 4000 };
/** From this many units on, values are rarer the longer they are. */
const usualLength = 32;

/** What the rules of one pack that were taken so far cost. */
export class Effort {
  #behindLiterals = 0;
  #always = 0;
  readonly #known = new Set<string>();

  /** Takes the cost of one rule. Throws a `RuleFault` (`pack-too-slow`), with nothing taken, where it is too much. */
  admit(expression: Expression, line: number): void {
    const added = { behindLiterals: 0, always: 0 };
    const keys: string[] = [];
    for (const { field, regex, flags } of regexesOf(expression)) {
      const key = `${flags}\0${field?.sources.join('\0') ?? ''}\0${regex}`;
      // The same question is asked once an event, whoever asks it.
      if (this.#known.has(key) || keys.includes(key)) continue;
      keys.push(key);
      const { literals, length } = regexNeeds(regex);
      const size = compileRegex(regex, flags).programSize();
      if (literals) added.behindLiterals += size;
      else added.always += size * Math.min(1, usualLength / Math.max(1, length));
    }
    const behindLiterals = this.#behindLiterals + added.behindLiterals;
    const always = this.#always + added.always;
    if (behindLiterals > most.behindLiterals || always > most.always)
      throw new RuleFault(
        'pack-too-slow',
        line,
        'the regular expressions of the rules before it are as slow together as those of one pack may be; begin them with a literal, or make packs of them',
      );
    this.#behindLiterals = behindLiterals;
    this.#always = always;
    for (const key of keys) this.#known.add(key);
  }
}

type Regex = Predicate & { readonly kind: 'regex' };

function regexesOf(node: Expression): readonly Regex[] {
  if (node.kind === 'constant') return [];
  if (node.kind === 'not') return regexesOf(node.child);
  if (node.kind === 'match') return node.predicate.kind === 'regex' ? [node.predicate] : [];
  return node.children.flatMap(regexesOf);
}
