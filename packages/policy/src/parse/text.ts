const simple = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['0', '\0'],
  ['\\', '\\'],
  ["'", "'"],
  ['"', '"'],
]);

const escapes = /\\(?:u\{([0-9A-Fa-f_]+)\}|x([0-9A-Fa-f]{2})|([\s\S]))/gu;

function readEscape(unicode: string | undefined, byte: string | undefined, one: string | undefined): string {
  if (unicode !== undefined) return String.fromCodePoint(Number.parseInt(unicode.replaceAll('_', ''), 16));
  if (byte !== undefined) return String.fromCharCode(Number.parseInt(byte, 16));
  return simple.get(one!) ?? one!;
}

/** The string that a literal's text stands for. */
export function readString(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(escapes, (_, unicode, byte, one) => readEscape(unicode, byte, one));
}

/** The literal pieces between the wildcards of a `like` pattern; `\*` is a literal star. */
export function readPattern(text: string): string[] {
  const pieces: string[] = [''];
  const add = (piece: string) => {
    pieces[pieces.length - 1] += piece;
  };
  let at = 0;
  while (at < text.length) {
    if (text[at] === '*') {
      pieces.push('');
      at++;
    } else if (text[at] === '\\') {
      escapes.lastIndex = at;
      const match = escapes.exec(text)!;
      add(readEscape(match[1], match[2], match[3]));
      at = escapes.lastIndex;
    } else {
      add(text[at]!);
      at++;
    }
  }
  return pieces;
}
