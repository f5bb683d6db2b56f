import { compareDigits, isDigits, type Order, type VersionScheme } from './compare.ts';

/** Debian policy section 5.6.12: `[epoch:]upstream[-revision]`, `~` before everything, letters before the rest. */
export const debian: VersionScheme = {
  name: 'dpkg',
  compare: compareDebian,
  valid: (version) => /^(\d+:)?[0-9A-Za-z][0-9A-Za-z.+~:-]*$/.test(version),
};

export function compareDebian(a: string, b: string): Order {
  const left = parse(a);
  const right = parse(b);
  return (
    compareDigits(left.epoch, right.epoch) ||
    comparePart(left.upstream, right.upstream) ||
    comparePart(left.revision, right.revision)
  );
}

function parse(version: string): { epoch: string; upstream: string; revision: string } {
  const text = version.trim();
  const colon = text.indexOf(':');
  const epoch = colon > 0 && isDigits(text.slice(0, colon)) ? text.slice(0, colon) : '0';
  const rest = colon > 0 && isDigits(text.slice(0, colon)) ? text.slice(colon + 1) : text;
  const dash = rest.lastIndexOf('-');
  return {
    epoch,
    upstream: dash < 0 ? rest : rest.slice(0, dash),
    revision: dash < 0 ? '0' : rest.slice(dash + 1),
  };
}

/** Alternates runs of non-digits, compared by weight, and runs of digits, compared as numbers. */
function comparePart(a: string, b: string): Order {
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    while ((i < a.length && !digitAt(a, i)) || (j < b.length && !digitAt(b, j))) {
      const order = weight(a, i) - weight(b, j);
      if (order !== 0) return order;
      i += 1;
      j += 1;
    }
    const startA = i;
    const startB = j;
    while (digitAt(a, i)) i += 1;
    while (digitAt(b, j)) j += 1;
    const order = compareDigits(a.slice(startA, i) || '0', b.slice(startB, j) || '0');
    if (order !== 0) return order;
  }
  return 0;
}

function digitAt(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57;
}

function weight(text: string, at: number): number {
  if (at >= text.length || digitAt(text, at)) return 0;
  const code = text.charCodeAt(at);
  if (code === 126) return -1;
  const letter = (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
  return letter ? code : code + 256;
}
