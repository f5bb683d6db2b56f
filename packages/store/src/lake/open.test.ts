import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EventsUnderTest, eventStoreContract } from '../contract/events.ts';
import { noon } from '../contract/samples.ts';
import { openLake } from './open.ts';

async function under(folder: string): Promise<EventsUnderTest> {
  const store = await openLake({ folder, clock: { now: () => noon } });
  return {
    store,
    settle: () => store.flush(),
    async reopen() {
      await store.close();
      return under(folder);
    },
    async destroy() {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

eventStoreContract('The lake', () => under(mkdtempSync(join(tmpdir(), 'kydai-lake-'))));
