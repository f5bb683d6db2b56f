/**
 * Reads `key=value` pairs: separated by spaces, tabs, commas or semicolons; values bare or in double quotes with `\"`
 * and `\\`. Text that is no pair is skipped. At most `most` pairs are reported; keys are at most 64 characters.
 * Calls `pair` for each and returns how many there were.
 */
export function readPairs(
  text: string,
  from: number,
  pair: (key: string, value: string) => void,
  most = 64,
): number {
  const length = text.length;
  let at = from;
  let count = 0;
  while (at < length && count < most) {
    const code = text.charCodeAt(at);
    if (code === 32 || code === 44 || code === 59 || code === 9) {
      at++;
      continue;
    }
    let end = at;
    let current = code;
    while (
      end < length &&
      current !== 61 &&
      current !== 32 &&
      current !== 44 &&
      current !== 59 &&
      current !== 9
    ) {
      end++;
      current = text.charCodeAt(end);
    }
    if (current !== 61 || end >= length || end === at || end - at > 64) {
      at = end + 1;
      continue;
    }
    const key = text.slice(at, end);
    at = end + 1;
    if (text.charCodeAt(at) === 34) {
      const close = closingQuote(text, at + 1);
      const value = text.slice(at + 1, close);
      pair(key, value.includes('\\') ? value.replace(/\\(["\\])/g, '$1') : value);
      at = close + 1;
    } else {
      end = at;
      while (end < length) {
        const stop = text.charCodeAt(end);
        if (stop === 32 || stop === 44 || stop === 59 || stop === 9) break;
        end++;
      }
      pair(key, text.slice(at, end));
      at = end;
    }
    count++;
  }
  return count;
}

/** The index of the quote that closes a string begun before `from`, or the end of the text. */
function closingQuote(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === 92) at += 2;
    else if (code === 34) return at;
    else at++;
  }
  return text.length;
}
