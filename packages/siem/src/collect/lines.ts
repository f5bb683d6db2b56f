import { decodeFrame } from './frames.ts';

/** One line of a body: its number from 1, its text, and what was replaced in it. */
export interface BodyLine {
  readonly number: number;
  readonly text: string;
  readonly bytes: number;
  readonly fault: string | undefined;
  readonly tooLong: boolean;
}

/** The lines of a body without their ends (`\n` or `\r\n`); empty ones are counted but not given. */
export function* bodyLines(body: Buffer, lineBytes: number): Generator<BodyLine> {
  let at = 0;
  let number = 0;
  while (at < body.length) {
    let end = body.indexOf(10, at);
    if (end < 0) end = body.length;
    number++;
    let stop = end;
    if (stop > at && body[stop - 1] === 13) stop--;
    if (stop > at) {
      const bytes = stop - at;
      if (bytes > lineBytes) yield { number, text: '', bytes, fault: undefined, tooLong: true };
      else {
        const { text, fault } = decodeFrame(body.subarray(at, stop));
        yield { number, text, bytes, fault, tooLong: false };
      }
    }
    at = end + 1;
  }
}
