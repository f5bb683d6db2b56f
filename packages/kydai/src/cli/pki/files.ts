import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { ShellError } from '../../error.ts';

export function readOctets(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new ShellError('usage', `cannot read \`${file}\``, { cause });
  }
}

export function readText(file: string): string {
  return readOctets(file).toString('utf8');
}

/** Throws unless the file can be a new one: asked before anything is made that would go into it. */
export function refuseExisting(file: string): void {
  if (existsSync(file)) throw new ShellError('usage', `\`${file}\` is there already; move it away first`);
}

/** Never over what is there: keys, requests and certificates of a ceremony are made once. */
export function writeNew(file: string, content: string | Uint8Array, mode = 0o644): void {
  refuseExisting(file);
  writeFileSync(file, content, { flag: 'wx', mode });
}
