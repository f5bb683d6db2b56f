import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { linesOf, sealedIn } from './lines.ts';
import { keptGuard } from './seen.ts';

const replayed = expect.objectContaining({ code: 'seal-replayed' });

describe('a replay guard that is kept in a file', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kydai-seen-'));
    file = join(folder, 'seen');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const open = (now: number) => keptGuard(file, { oldest: 60_000 }, now);

  it('refuses what was admitted before a restart, and admits the rest', () => {
    const first = open(100_000);
    first.admit('cam-1/a', 90_000, 100_000);
    expect(() => first.admit('cam-1/a', 90_000, 100_000)).toThrow(replayed);
    first.close();
    const second = open(110_000);
    expect(() => second.admit('cam-1/a', 90_000, 110_000)).toThrow(replayed);
    second.admit('cam-1/b', 90_000, 110_000);
    second.close();
  });

  it('has each seal on disk before it is given out, whatever its id is made of', () => {
    const guard = open(100_000);
    guard.admit('cam-1/two\nlines"', 90_000, 100_000);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual([90_000, 'cam-1/two\nlines"']);
    guard.close();
    const again = open(100_000);
    expect(() => again.admit('cam-1/two\nlines"', 90_000, 100_000)).toThrow(replayed);
    again.close();
  });

  it('forgets what left the window, and a last line that was cut off', () => {
    const guard = open(100_000);
    guard.admit('cam-1/a', 50_000, 100_000);
    guard.admit('cam-1/b', 99_000, 100_000);
    guard.close();
    appendFileSync(file, '[99500,"cam-1/c');
    const later = open(120_000);
    expect(readFileSync(file, 'utf8')).toBe('[99000,"cam-1/b"]\n');
    expect(() => later.admit('cam-1/a', 50_000, 120_000)).toThrow(replayed);
    later.admit('cam-1/c', 99_500, 120_000);
    later.close();
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(3);
  });

  it('takes nothing but its own lines from the file', () => {
    writeFileSync(file, 'x\n{}\n[]\n["a",1]\n[99000,"cam-1/b"]\nnull\n[99000,"cam-1/b"]\n');
    open(100_000).close();
    expect(readFileSync(file, 'utf8')).toBe('[99000,"cam-1/b"]\n');
  });
});

describe('the lines of a stream', () => {
  async function lines(...chunks: string[]): Promise<(string | undefined)[]> {
    const found: (string | undefined)[] = [];
    for await (const line of linesOf((async function* () { yield* chunks; })())) found.push(line); // biome-ignore format: one line
    return found;
  }

  it('come whole however they were cut, without empty ones', async () => {
    expect(await lines('a', 'b\nc\r\n\n  \nd')).toEqual(['ab', 'c', 'd']);
    expect(await lines('', '\n')).toEqual([]);
  });

  it('are given up where they are too long, and the next one is read', async () => {
    const piece = 'x'.repeat(100_000);
    expect(await lines(...Array<string>(30).fill(piece), '\nnext')).toEqual([undefined, 'next']);
    expect(await lines(...Array<string>(30).fill(piece))).toEqual([undefined]);
  });

  it('hold a seal as it is or in an event', () => {
    expect(sealedIn('a.b.c.d.e')).toBe('a.b.c.d.e');
    expect(sealedIn('{"message":"a.b"}')).toBe('a.b');
    expect(sealedIn('{"fields":{"message":"a.b"}}')).toBe('a.b');
    for (const other of ['{', '{"message":1}', '{"fields":null}']) expect(sealedIn(other)).toBe(other);
  });
});
