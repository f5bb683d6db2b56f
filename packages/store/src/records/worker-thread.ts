import { parentPort, workerData } from 'node:worker_threads';
import { applyGroup } from './commit.ts';
import { openSqlite } from './sqlite.ts';
import {
  type GroupMessage,
  GroupReader,
  type OutcomeMessage,
  plainFailure,
  plainOutcome,
} from './worker-messages.ts';

/** The thread that writes: takes groups of commits, one after the other, and answers when each is on disk. */
const port = parentPort!;
const reader = new GroupReader();
const engine = openSqlite((workerData as { readonly file: string }).file);

port.on('message', async (message: GroupMessage | 'close') => {
  if (message === 'close') {
    await engine.close();
    port.close();
    return;
  }
  port.postMessage(await outcome(message));
});

async function outcome(message: GroupMessage): Promise<OutcomeMessage> {
  const { id } = message;
  try {
    const batches = reader.batches(message);
    const outcomes = await engine.write(() => applyGroup(engine.dialect, batches));
    return { id, conflicts: batches.map((batch, at) => plainOutcome(batch, outcomes[at])) };
  } catch (error) {
    return { id, failed: plainFailure(error) };
  }
}
