import { parentPort, workerData } from 'node:worker_threads';
import { applyGroup, type Batch } from './commit.ts';
import { openSqlite } from './sqlite.ts';
import { type GroupMessage, type OutcomeMessage, plainConflict, plainFailure } from './worker-messages.ts';

/** The thread that writes: takes groups of commits, one after the other, and answers when each is on disk. */
const port = parentPort!;
const engine = openSqlite((workerData as { readonly file: string }).file);

port.on('message', async (message: GroupMessage | 'close') => {
  if (message === 'close') {
    await engine.close();
    port.close();
    return;
  }
  const { id, batches } = message;
  port.postMessage(await outcome(id, batches as unknown as readonly Batch[]));
});

async function outcome(id: number, batches: readonly Batch[]): Promise<OutcomeMessage> {
  try {
    const outcomes = await engine.write(() => applyGroup(engine.dialect, batches));
    return { id, conflicts: outcomes.map(plainConflict) };
  } catch (error) {
    return { id, failed: plainFailure(error) };
  }
}
