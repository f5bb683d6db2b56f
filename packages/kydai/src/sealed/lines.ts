/** The longest line that is read: a sealed reading of the largest size inside an event of ours. */
const longest = 512 * 1024;

/** The lines of a stream; undefined in place of one that is too long, of which nothing is kept. Empty lines are left out. */
export async function* linesOf(input: AsyncIterable<Buffer | string>): AsyncGenerator<string | undefined> {
  let waiting = '';
  let skipping = false;
  for await (const chunk of input) {
    const parts = chunk.toString('latin1').split('\n');
    for (const [index, part] of parts.entries()) {
      if (!skipping) waiting += part;
      if (waiting.length > longest) {
        waiting = '';
        skipping = true;
      }
      if (index === parts.length - 1) break;
      if (skipping) yield undefined;
      else if (waiting.trim() !== '') yield waiting.trim();
      waiting = '';
      skipping = false;
    }
  }
  if (skipping) yield undefined;
  else if (waiting.trim() !== '') yield waiting.trim();
}

/** The sealed reading in a line: the line itself, or the message of an event that `kydai search --json` prints. */
export function sealedIn(line: string): string {
  if (!line.startsWith('{')) return line;
  try {
    const { message, fields } = JSON.parse(line) as { message?: unknown; fields?: { message?: unknown } };
    const found = message ?? fields?.message;
    return typeof found === 'string' ? found : line;
  } catch {
    return line;
  }
}
