import { fold } from '../rules/fold.ts';

/** What every text that a regular expression matches must contain. */
export interface RegexNeeds {
  /** Folded literals of which at least one is there; undefined where none can be named. */
  readonly literals: readonly string[] | undefined;
  /** The shortest match, in UTF-16 units. */
  readonly length: number;
}

interface Piece {
  /** Every text, folded, that the piece can match, where they are few. */
  readonly exact?: readonly string[];
  /** Folded literals of which every match contains one. */
  readonly needs?: readonly string[];
  readonly length: number;
}

const nothing: Piece = { length: 0 };
const empty: Piece = { exact: [''], length: 0 };
const maxExact = 24;
const maxNeeds = 64;

class Unknown extends Error {}

/**
 * Reads RE2's syntax far enough to know which literals a match must contain. Whatever it does not know for certain
 * makes it answer "none": the rule is then tried on every event, never lost.
 */
export function regexNeeds(regex: string): RegexNeeds {
  let at = 0;
  try {
    const whole = alternation(0);
    if (at < regex.length) return { literals: undefined, length: 0 };
    return { literals: best([whole.exact, whole.needs]), length: whole.length };
  } catch (error) {
    if (error instanceof Unknown) return { literals: undefined, length: 0 };
    throw error;
  }

  function alternation(depth: number): Piece {
    if (depth > 50) throw new Unknown();
    const branches = [sequence(depth)];
    while (regex[at] === '|') {
      at++;
      branches.push(sequence(depth));
    }
    if (branches.length === 1) return branches[0]!;
    const length = Math.min(...branches.map((branch) => branch.length));
    const exact = branches.flatMap((branch) => branch.exact ?? []);
    if (branches.every((branch) => branch.exact) && exact.length <= maxExact) return { exact, length };
    const needs = branches.map((branch) => best([branch.exact, branch.needs]));
    const all = needs.flatMap((set) => set ?? []);
    return needs.every((set) => set) && all.length <= maxNeeds ? { needs: all, length } : { length };
  }

  function sequence(depth: number): Piece {
    let run: readonly string[] = [''];
    let length = 0;
    let whole = true;
    const sets: (readonly string[] | undefined)[] = [];
    while (at < regex.length && regex[at] !== '|' && regex[at] !== ')') {
      const piece = repeat(depth);
      length += piece.length;
      if (piece.exact && piece.exact.length * run.length <= maxExact) {
        run = run.flatMap((left) => piece.exact!.map((right) => left + right));
      } else {
        whole = false;
        sets.push(run, piece.needs);
        run = piece.exact ?? [''];
      }
    }
    if (whole) return { exact: run, length };
    const needs = best([...sets, run]);
    return needs ? { needs, length } : { length };
  }

  function repeat(depth: number): Piece {
    let piece = atom(depth);
    for (;;) {
      const next = regex[at];
      const counted = next === '{' ? /^\{(\d{1,4})(?:(,)(\d{0,4}))?\}/.exec(regex.slice(at, at + 12)) : null;
      if (next === '{' && !counted) throw new Unknown();
      if (next !== '*' && next !== '+' && next !== '?' && !counted) return piece;
      at += counted ? counted[0].length : 1;
      const min = counted ? Number(counted[1]) : next === '+' ? 1 : 0;
      const once = counted !== null && min === 1 && counted[2] === undefined;
      if (regex[at] === '?') at++;
      if (once) continue;
      if (next === '?' && piece.exact && piece.exact.length < maxExact) {
        piece = { exact: ['', ...piece.exact], length: 0 };
      } else if (min === 0) piece = nothing;
      else {
        const needs = best([piece.exact, piece.needs]);
        piece = { length: piece.length * min, ...(needs ? { needs } : {}) };
      }
    }
  }

  function atom(depth: number): Piece {
    const unit = regex[at++]!;
    if (unit === '(') return group(depth);
    if (unit === '[') return charClass();
    if (unit === '\\') return escaped();
    if (unit === '.') return { length: 1 };
    if (unit === '^' || unit === '$') return empty;
    if (unit === '*' || unit === '+' || unit === '?') throw new Unknown();
    return literal(unit);
  }

  function group(depth: number): Piece {
    if (regex[at] === '?') {
      const head = /^\?(?:P?<[A-Za-z_]\w*>|[imsU-]*(:)|[imsU-]+\))/.exec(regex.slice(at, at + 60));
      if (!head) throw new Unknown();
      at += head[0].length;
      if (head[0].endsWith(')')) return empty;
    }
    const inner = alternation(depth + 1);
    if (regex[at++] !== ')') throw new Unknown();
    return inner;
  }

  function escaped(): Piece {
    const unit = regex[at++];
    if (unit === undefined) throw new Unknown();
    if ('dDwWsS'.includes(unit)) return { length: 1 };
    if ('bBAz'.includes(unit)) return empty;
    const control = { n: '\n', r: '\r', t: '\t', f: '\f', v: '\v' }[unit];
    if (control !== undefined) return literal(control);
    if (/[A-Za-z0-9]/.test(unit)) throw new Unknown();
    return literal(unit);
  }

  function charClass(): Piece {
    if (regex[at] === '^') {
      skipClass();
      return { length: 1 };
    }
    const start = at;
    const members = new Set<string>();
    for (let first = true; regex[at] !== ']' || first; first = false) {
      const unit = regex[at++];
      const simple = unit !== undefined && unit !== '[' && unit !== '\\' && !isSurrogate(unit);
      const escaped = unit === '\\' && /[^A-Za-z0-9]/.test(regex[at] ?? 'a');
      if ((!simple && !escaped) || (regex[at] === '-' && regex[at + 1] !== ']' && simple)) {
        at = start;
        skipClass();
        return { length: 1 };
      }
      members.add(fold(escaped ? regex[at++]! : unit!));
    }
    at++;
    return members.size <= 8 ? { exact: [...members], length: 1 } : { length: 1 };
  }

  function skipClass(): void {
    if (regex[at] === '^') at++;
    for (let first = true; regex[at] !== ']' || first; first = false) {
      if (at >= regex.length) throw new Unknown();
      if (regex[at] === '[' && regex[at + 1] === ':') at = regex.indexOf(':]', at) + 1 || regex.length;
      else if (regex[at] === '\\') at++;
      at++;
    }
    at++;
  }

  /** Beyond the basic plane a letter is two units and folds as one, which our units do not. */
  function literal(unit: string): Piece {
    return isSurrogate(unit) ? { length: 1 } : { exact: [fold(unit)], length: 1 };
  }
}

function isSurrogate(unit: string): boolean {
  const code = unit.charCodeAt(0);
  return code >= 0xd800 && code <= 0xdfff;
}

/** The set whose shortest literal is longest; sets that allow the empty text say nothing. */
function best(sets: readonly (readonly string[] | undefined)[]): readonly string[] | undefined {
  let chosen: readonly string[] | undefined;
  let quality = 0;
  for (const set of sets) {
    if (!set || set.length === 0) continue;
    const shortest = Math.min(...set.map((text) => text.length));
    const value = shortest - set.length / 100;
    if (shortest > 0 && (!chosen || value > quality)) {
      chosen = set;
      quality = value;
    }
  }
  return chosen;
}
