import { createHash } from 'node:crypto';
import { type RecordStore, recordKind, write } from '@kydai/contracts';
import type { KeptHeader, Normaliser } from '@kydai/siem';
import { z } from 'zod';

/** The header of a file that a shipper sends line by line: how its lines are read after a restart, too. */
const FileHeaderRecord = z
  .strictObject({ key: z.string(), origin: z.string(), file: z.string(), header: z.string(), at: z.number() })
  .readonly();
type FileHeaderRecord = z.infer<typeof FileHeaderRecord>;
const fileHeaders = recordKind<FileHeaderRecord>({
  name: 'file_headers',
  schema: FileHeaderRecord,
  key: ({ key }) => key,
  indexes: { at: ({ at }) => at },
});

const most = 2000;
const everyMs = 1000;

/** The headers of before this start: the 2,000 that changed last, in the order in which they changed. */
export async function carryHeaders(records: RecordStore): Promise<readonly KeptHeader[]> {
  const { records: kept } = await records.find(fileHeaders, { order: '-at', limit: most });
  return kept.map(({ value }) => value).reverse();
}

/**
 * Keeps each header within a second of its coming. Returns the function that keeps the last of them and ends it. A kill
 * loses those of the last second, whose files are then raw, with the reason, until their next header.
 */
export function keepHeaders(
  records: RecordStore,
  normaliser: Pick<Normaliser, 'newHeaders'>,
  parts: { readonly now: () => number; readonly onFault: (error: unknown) => void },
): () => Promise<void> {
  let running = Promise.resolve();
  const keep = (): void => {
    const changed = normaliser.newHeaders();
    if (changed.length > 0)
      running = running.then(() => keepAll(records, changed, parts.now())).catch(parts.onFault);
  };
  const timer = setInterval(keep, everyMs);
  timer.unref();
  return async () => {
    clearInterval(timer);
    keep();
    await running;
  };
}

async function keepAll(records: RecordStore, changed: readonly KeptHeader[], at: number): Promise<void> {
  const keyed = changed.map((each) => ({ ...each, key: keyOf(each), at }));
  await records.commit(keyed.map((each) => write.put(fileHeaders, each)));
  const { records: old } = await records.find(fileHeaders, { order: '-at', limit: 1000, offset: most });
  await records.commit(old.map(({ value }) => write.delete(fileHeaders, value.key)));
}

function keyOf({ origin, file }: KeptHeader): string {
  return createHash('sha256').update(`${origin}\0${file}`).digest('base64url');
}
