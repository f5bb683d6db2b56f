import { once } from 'node:events';
import { startThread } from '@kydai/contracts/thread';

/** What new moduli have in common among themselves and with the known ones, reckoned in a thread of its own. */
export async function commonFactors(
  fresh: readonly Uint8Array[],
  known: AsyncIterable<readonly Uint8Array[]>,
): Promise<readonly bigint[]> {
  const thread = startThread(new URL('./compare-thread.ts', import.meta.url), fresh);
  const ask = async (message: readonly Uint8Array[] | null): Promise<unknown> => {
    const answered = once(thread, 'message');
    thread.postMessage(message);
    return (await answered)[0];
  };
  try {
    for await (const page of known) await ask(page);
    return (await ask(null)) as readonly bigint[];
  } finally {
    await thread.terminate();
  }
}
