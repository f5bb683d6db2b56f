import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RecordSplitter } from './records.ts';
import { DatagramRing } from './ring.ts';

interface Read {
  readonly slot: number;
  readonly address: string;
  readonly text: string;
}

/** A ring, and what comes out of the pipe behind it. */
function pipe(bytes: number, slots = 4) {
  const ring = new DatagramRing(bytes, slots);
  const splitter = new RecordSplitter();
  const read: Read[] = [];
  /** Cuts what comes out in pieces, as a pipe may. `room`: how many the sink takes. */
  const move = (most: number, piece: number, room = Number.POSITIVE_INFINITY) => {
    let left = room;
    const sink = (slot: number, address: string, message: Buffer) => {
      if (left-- <= 0) return false;
      read.push({ slot, address, text: message.toString('latin1') });
      return true;
    };
    const records = Buffer.from(ring.oldest(most));
    ring.release(ring.oldest(most));
    for (let at = 0; at < records.length; at += piece) splitter.read(records.subarray(at, at + piece), sink);
    left = Number.POSITIVE_INFINITY;
    splitter.read(Buffer.alloc(0), sink);
  };
  return { ring, read, move };
}

describe('the ring of datagrams', () => {
  test('gives what it took, whole, in order and once, however it is written and read', () => {
    const write = fc.record({
      slot: fc.nat(3),
      address: fc.constantFrom('', '10.0.0.1', 'fe80::1%eth0'),
      length: fc.oneof(fc.nat(40), fc.nat(400)),
    });
    const move = fc.record({
      most: fc.integer({ min: 1, max: 300 }),
      piece: fc.integer({ min: 1, max: 90 }),
      room: fc.nat(4),
    });
    const property = fc.property(
      fc.array(fc.oneof(write, move), { maxLength: 150 }),
      fc.integer({ min: 16, max: 1024 }),
      (steps, bytes) => {
        const { ring, read, move } = pipe(bytes);
        const written: Read[] = [];
        for (const one of steps) {
          if ('most' in one) {
            move(one.most, one.piece, one.room);
            continue;
          }
          const { slot, address, length } = one;
          const text = `${written.length}`.padEnd(length, 'x');
          if (ring.write(slot, address, Buffer.from(text))) written.push({ slot, address, text });
        }
        while (!ring.empty) move(1000, 50);
        expect(read).toEqual(written);
      },
    );
    fc.assert(property);
  });

  test('takes as much again after it was emptied, for ever', () => {
    const { ring, move } = pipe(4096);
    const fill = () => {
      let taken = 0;
      while (ring.write(1, '', Buffer.alloc(92))) taken++;
      return taken;
    };
    const first = fill();
    for (let round = 0; round < 300; round++) {
      move(700, 1000);
      fill();
    }
    while (!ring.empty) move(700, 1000);
    expect(fill()).toBe(first);
  });

  test('leaves room for others: one sender that floods gets half, two get a third each', () => {
    const { ring } = pipe(30_000);
    const flood = (slot: number) => {
      let taken = 0;
      while (ring.write(slot, '', Buffer.alloc(88))) taken++;
      return taken;
    };
    const alone = flood(1);
    expect(alone * 96).toBeGreaterThan(14_800);
    expect(alone * 96).toBeLessThanOrEqual(15_000);
    expect(flood(2)).toBe(Math.floor(alone / 2));
    expect(flood(1)).toBe(0);
    expect(flood(3)).toBeGreaterThan(alone / 5);
  });

  test('has no room for what is larger than itself, and is not harmed', () => {
    const { ring, read, move } = pipe(1024);
    expect(ring.write(0, '', Buffer.alloc(65_507))).toBe(false);
    expect(ring.write(0, '', Buffer.alloc(0))).toBe(true);
    move(100, 3);
    expect(read).toEqual([{ slot: 0, address: '', text: '' }]);
  });

  test('what is no record is an error, not a message', () => {
    const bytes = Buffer.alloc(64, 0xff);
    expect(() => new RecordSplitter().read(bytes, () => true)).toThrow(/a record of/);
  });
});
