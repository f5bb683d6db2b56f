import { isObject } from '../extract/extraction.ts';
import type { BomComponent } from './bom.ts';

/**
 * The licence terms of the components: ids, names, and expressions (SPDX 2.3 annex D) taken apart at each `AND` of the
 * outermost level. A choice leaves freedom, so `MIT OR AGPL-3.0-only` stays one term and is not `AGPL-3.0-only`.
 */
export function licenceTerms(components: readonly BomComponent[]): readonly string[] {
  const texts = new Set<string>();
  for (const component of components) {
    for (const choice of component.licenses ?? []) {
      if (!isObject(choice)) continue;
      const { expression, license } = choice;
      if (typeof expression === 'string') texts.add(expression);
      if (!isObject(license)) continue;
      const named = license['id'] ?? license['name'];
      if (typeof named === 'string') texts.add(named);
    }
  }
  return [...new Set([...texts].flatMap((text) => conjuncts(text)))].toSorted();
}

function conjuncts(text: string, depth = 0): readonly string[] {
  const whole = unwrap(text.trim());
  if (depth > 50) return [whole];
  const parts = split(whole);
  if (parts.choice || parts.all.length < 2) return whole === '' ? [] : [whole];
  return parts.all.flatMap((part) => conjuncts(part, depth + 1));
}

/** At the outermost level `OR` binds weaker than `AND`: one of it makes the whole a choice. */
function split(text: string): { readonly all: readonly string[]; readonly choice: boolean } {
  const all: string[] = [];
  let depth = 0;
  let from = 0;
  let choice = false;
  for (const { 0: token, index } of text.matchAll(/[()]|(?<=[\s)])(?:AND|OR)(?=[\s(])/g)) {
    if (token === '(') depth += 1;
    else if (token === ')') depth -= 1;
    else if (depth === 0 && token === 'OR') choice = true;
    else if (depth === 0) {
      all.push(text.slice(from, index));
      from = index + token.length;
    }
  }
  all.push(text.slice(from));
  return { all, choice };
}

function unwrap(text: string): string {
  let inner = text;
  while (inner.startsWith('(') && closing(inner) === inner.length - 1) inner = inner.slice(1, -1).trim();
  return inner;
}

/** Where the bracket closes that the text begins with. */
function closing(text: string): number {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '(') depth += 1;
    else if (text[at] === ')') {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  return -1;
}
