/**
 * Characters that are not seen, or that make what follows read in another order than it is: controls but the tab and
 * the line end, and what Unicode lets fonts ignore: marks of direction (UAX #9 section 2), blanks without width,
 * fillers, tags, and the selectors that text is smuggled in, but for the two that go with an emoji. Joiners are among
 * them: a log line needs none.
 */
const hidden =
  /(?!\r?\n|\t|\ufe0e|\ufe0f)[\p{Cc}\p{Default_Ignorable_Code_Point}\u2028\u2029\ufff9-\ufffb]/gu;

const names: Readonly<Record<number, string>> = {
  0: 'NULL',
  7: 'BELL',
  8: 'BACKSPACE',
  13: 'CARRIAGE RETURN',
  27: 'ESCAPE',
  127: 'DELETE',
  173: 'SOFT HYPHEN',
  8203: 'ZERO WIDTH SPACE',
  8204: 'ZERO WIDTH NON-JOINER',
  8205: 'ZERO WIDTH JOINER',
  8206: 'LEFT-TO-RIGHT MARK',
  8207: 'RIGHT-TO-LEFT MARK',
  8234: 'LEFT-TO-RIGHT EMBEDDING',
  8235: 'RIGHT-TO-LEFT EMBEDDING',
  8236: 'POP DIRECTIONAL FORMATTING',
  8237: 'LEFT-TO-RIGHT OVERRIDE',
  8238: 'RIGHT-TO-LEFT OVERRIDE',
  8288: 'WORD JOINER',
  8294: 'LEFT-TO-RIGHT ISOLATE',
  8295: 'RIGHT-TO-LEFT ISOLATE',
  8296: 'FIRST STRONG ISOLATE',
  8297: 'POP DIRECTIONAL ISOLATE',
  65279: 'ZERO WIDTH NO-BREAK SPACE',
};

export interface HiddenMark {
  /** `U+202E`. */
  readonly code: string;
  /** `U+202E RIGHT-TO-LEFT OVERRIDE`; the code alone where it has no well-known name. */
  readonly name: string;
}

/** A text as what is seen of it, and marks for what is not; one piece where all of it is seen. */
export function piecesOf(text: string): readonly (string | HiddenMark)[] {
  const pieces: (string | HiddenMark)[] = [];
  let end = 0;
  for (const { 0: mark, index } of text.matchAll(hidden)) {
    if (index > end) pieces.push(text.slice(end, index));
    pieces.push(markOf(mark.codePointAt(0)!));
    end = index + mark.length;
  }
  if (end < text.length || pieces.length === 0) pieces.push(text.slice(end));
  return pieces;
}

/** The same as one text, `user=⟨U+202E⟩nimda`, for titles and sentences. */
export function visible(text: string): string {
  return text.replace(hidden, (mark) => `⟨${markOf(mark.codePointAt(0)!).code}⟩`);
}

function markOf(point: number): HiddenMark {
  const code = `U+${point.toString(16).toUpperCase().padStart(4, '0')}`;
  const name = names[point];
  return { code, name: name === undefined ? code : `${code} ${name}` };
}
