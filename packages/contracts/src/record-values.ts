import type { RecordStore } from './ports.ts';
import type { RecordKind } from './record.ts';

/** Records of an index that are looked at before others have their turn: some milliseconds. */
const slice = 20_000;

/**
 * The different texts at an index that hold a text anywhere, in rising order, until there are more than `most`: then
 * `isWhole` is false. Reads the index alone and lets other work have its turn in between: a million records take some
 * tenths of a second in all.
 */
export async function valuesHolding<T>(
  records: RecordStore,
  kind: RecordKind<T>,
  index: string,
  holding: string,
  most: number,
): Promise<{ readonly values: readonly string[]; readonly isWhole: boolean }> {
  const values: string[] = [];
  let after = '';
  for (;;) {
    const found = await records.slice(kind, index, { holding, after, look: slice });
    values.push(...found.values);
    if (values.length > most) return { values: values.slice(0, most), isWhole: false };
    if (found.next === undefined) return { values, isWhole: true };
    after = found.next;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
