/**
 * Case folding, the same everywhere in this package, by UTF-16 unit: Unicode's simple folding. `String.toLowerCase`
 * and the `i` flag of regular expressions disagree with each other (the Kelvin sign, the long s, the dotted capital I,
 * the final sigma), and an index that folds otherwise than the evaluator loses matches.
 */
const table = new Uint16Array(0x10000);
for (let unit = 0; unit < 0x10000; unit++) table[unit] = foldOnce(unit);

function foldOnce(unit: number): number {
  if (unit < 0x80) return unit >= 0x41 && unit <= 0x5a ? unit + 32 : unit;
  // The dotless i has the upper case I and the dotted I a lower case of two units: neither folds.
  if (unit === 0x130 || unit === 0x131 || (unit >= 0xd800 && unit <= 0xdfff)) return unit;
  const upper = String.fromCharCode(unit).toUpperCase();
  const lower = (upper.length === 1 ? upper : String.fromCharCode(unit)).toLowerCase();
  return lower.length === 1 ? lower.charCodeAt(0) : unit;
}

/** The folded unit for each UTF-16 unit. */
export const foldTable: Readonly<Uint16Array> = table;

const ascii = /^\p{ASCII}*$/u;

/** The text with each unit folded; its length never changes. */
export function fold(text: string): string {
  if (ascii.test(text)) return text.toLowerCase();
  let folded = '';
  for (let at = 0; at < text.length; at++) folded += String.fromCharCode(table[text.charCodeAt(at)]!);
  return folded;
}
