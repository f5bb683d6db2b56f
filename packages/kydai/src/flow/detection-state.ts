import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { Detection } from '@kydai/contracts';
import type { Detector, StatePiece } from '@kydai/siem';
import { z } from 'zod';

/** What the detection stage keeps over a stop or a kill. */
export interface KeptDetection {
  /** The id of the last event that the state rests on; empty before the first. */
  readonly through: string;
  /** Detections that triage has not settled. */
  readonly pending: readonly Detection[];
  /** Read as they are asked for; throws where they are damaged or end too early. */
  readonly pieces: Iterable<StatePiece>;
}

const Head = z.object({
  through: z.string(),
  pending: z.array(Detection).default([]),
});
const End = z.object({ end: z.literal(true) });
const end: z.infer<typeof End> = { end: true };

/**
 * The state as lines: a head, the pieces of the checkpoint, and an end. It is the state of the moment of the call, also
 * where the lines are taken while events go on.
 */
export function stateLines(
  detector: Pick<Detector, 'checkpoint'>,
  head: Pick<KeptDetection, 'through' | 'pending'>,
): Iterable<string> {
  return lines(JSON.stringify(head), detector.checkpoint());
}

function* lines(head: string, pieces: Iterable<StatePiece>): Generator<string, void, void> {
  yield `${head}\n`;
  for (const piece of pieces) yield `${JSON.stringify(piece)}\n`;
  yield `${JSON.stringify(end)}\n`;
}

/**
 * Reads what was written; throws where its head is damaged. The rest is read line by line, because a million groups are
 * more than is good to hold twice.
 */
export function readState(file: string): KeptDetection {
  const all = linesOf(readFileSync(file));
  const { through, pending } = Head.parse(all.next().value);
  return { through, pending, pieces: piecesOf(all) };
}

function* linesOf(bytes: Buffer): Generator<unknown, void, void> {
  for (let at = 0; at < bytes.length; ) {
    const found = bytes.indexOf(10, at);
    const stop = found < 0 ? bytes.length : found;
    yield JSON.parse(bytes.toString('utf8', at, stop));
    at = stop + 1;
  }
}

function* piecesOf(lines: Iterable<unknown>): Generator<StatePiece, void, void> {
  let ended = false;
  for (const line of lines) {
    if (End.safeParse(line).success) ended = true;
    else yield line as StatePiece;
  }
  if (!ended) throw new Error('the state of the detection is cut off');
}

const chunk = 256 * 1024;

/** Writes the lines durably, a piece at a time, so that others can work; false where it was to stop before the end. */
export async function writeStateInTurns(
  file: string,
  given: Iterable<string>,
  stop: AbortSignal,
): Promise<boolean> {
  const handle = await open(`${file}.next`, 'w', 0o600);
  try {
    let waiting = '';
    for (const line of given) {
      waiting += line;
      if (waiting.length < chunk) continue;
      await handle.writeFile(waiting);
      waiting = '';
      if (stop.aborted) return false;
    }
    await handle.writeFile(waiting);
    await handle.sync();
  } finally {
    await handle.close();
  }
  if (stop.aborted) return false;
  await rename(`${file}.next`, file);
  return true;
}

/** The same at once, for the stop. */
export function writeStateNow(file: string, given: Iterable<string>): void {
  const handle = openSync(`${file}.new`, 'w', 0o600);
  try {
    for (const line of given) {
      const bytes = Buffer.from(line);
      for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at);
    }
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(`${file}.new`, file);
}
