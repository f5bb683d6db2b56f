/** What the word at the caret of a query asks to be completed to. */
export interface Place {
  readonly kind: 'field' | 'value';
  /** For a value: whose. */
  readonly field: string;
  /** What was written of it. */
  readonly prefix: string;
  /** Where it is in the text. */
  readonly start: number;
  readonly end: number;
}

/**
 * Reads what is being written at the caret: the name of a field, or a value after `field:`. Undefined within a phrase
 * of its own and after a comparison, where there is nothing to offer.
 */
export function placeAt(text: string, caret: number): Place | undefined {
  let start = caret;
  let quoted = false;
  for (let at = 0; at < caret; at++) {
    const character = text[at]!;
    if (character === '\\') at++;
    else if (character === '"') quoted = !quoted;
    else if (!quoted && /[\s()]/.test(character)) start = at + 1;
    if (at === 0 && !/[\s()]/.test(character)) start = 0;
  }
  if (start > caret) start = caret;
  if (caret === 0) start = 0;
  const word = text.slice(start, caret);
  const colon = word.indexOf(':');
  if (colon < 0) {
    if (quoted || /["<>=]/.test(word)) return undefined;
    return { kind: 'field', field: '', prefix: word, start, end: caret };
  }
  const field = word.slice(0, colon);
  const value = word.slice(colon + 1).replace(/^"/, '');
  if (field === '' || /["<>=*?]/.test(field) || /["*?]/.test(value)) return undefined;
  const closing = quoted && text[caret] === '"' ? caret + 1 : caret;
  return {
    kind: 'value',
    field,
    prefix: value.replace(/\\(.)/g, '$1'),
    start: start + colon + 1,
    end: closing,
  };
}

/** The text with a completion put in its place, and where the caret goes. */
export function complete(text: string, place: Place, chosen: string): { text: string; caret: number } {
  const bare = /^[\p{L}\p{N}_.-]+$/u.test(chosen) && !/^(and|or|not)$/i.test(chosen);
  const inserted =
    place.kind === 'field' ? `${chosen}:` : bare ? `${chosen} ` : `"${chosen.replace(/["\\]/g, '\\$&')}" `;
  const after = text.slice(place.end).replace(/^ /, inserted.endsWith(' ') ? '' : ' ');
  return { text: text.slice(0, place.start) + inserted + after, caret: place.start + inserted.length };
}
