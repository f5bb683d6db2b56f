/** Text from outside, made safe for a terminal and a report: no control, no escape, no invisible direction marks. */
export function clean(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').toWellFormed();
}

const codes = { red: 31, green: 32, yellow: 33, magenta: 35, cyan: 36, bold: 1, dim: 2 } as const;

export type Paint = (style: keyof typeof codes, text: string) => string;

/** Colours where they are wanted, and the plain text elsewhere. */
export function painter(colour: boolean): Paint {
  return (style, text) => (colour ? `\u001b[${codes[style]}m${text}\u001b[0m` : text);
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}

/** `12345` as `12,345`. The first word of the language's own formatter costs a process 30 ms. */
function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Breaks at spaces so that no line is longer than `width`; the first line gets the indent, the others may hang deeper. */
export function wrap(text: string, width: number, indent: string, hang = indent): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const room = width - (lines.length === 0 ? indent : hang).length;
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines.map((each, at) => `${at === 0 ? indent : hang}${each}`).join('\n');
}
