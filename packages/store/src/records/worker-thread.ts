import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { tellEnd } from '../thread/end.ts';
import { commitGroup } from './commit.ts';
import { openSqlite } from './sqlite.ts';
import {
  type GroupMessage,
  GroupReader,
  type OutcomeMessage,
  plainFailure,
  plainOutcome,
} from './worker-messages.ts';

/** The thread that writes: takes groups of commits in order, and answers when each is on disk. */
tellEnd();
const port = parentPort!;
const reader = new GroupReader();
const engine = openSqlite((workerData as { readonly file: string }).file);

const tell = (message: OutcomeMessage): void => port.postMessage(message);

type Message = GroupMessage | 'close';

port.on('message', async (first: Message) => {
  // What came while the last groups were synced goes to disk together.
  const messages: Message[] = [first];
  for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port))
    messages.push(next.message as Message);
  const groups = messages.filter((message) => message !== 'close');
  if (groups.length > 0) await apply(groups);
  if (groups.length === messages.length) return;
  await engine.close();
  port.close();
});

async function apply(groups: readonly GroupMessage[]): Promise<void> {
  try {
    const read = groups.map((group) => ({ id: group.id, batches: reader.batches(group) }));
    const outcomes = await commitGroup(
      engine,
      read.flatMap(({ batches }) => batches),
    );
    let at = 0;
    for (const { id, batches } of read)
      tell({ id, conflicts: batches.map((batch) => plainOutcome(batch, outcomes[at++])) });
  } catch (error) {
    for (const { id } of groups) tell({ id, failed: plainFailure(error) });
  }
}
