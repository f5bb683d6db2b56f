import type { Signal } from '@kydai/contracts';
import type { OperatorClient } from '../cli/operator-client.ts';

/** Follows the live signals of the running program until `signal` aborts. Calls `ready` once the stream is open. */
export async function followSignals(
  client: OperatorClient,
  onSignal: (signal: Signal, at: number) => void,
  ready: () => void,
  signal: AbortSignal,
): Promise<void> {
  const response = await client.open('/api/v1/stream', signal);
  let text = '';
  let opened = false;
  const decoder = new TextDecoder();
  try {
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      if (!opened) {
        opened = true;
        ready();
      }
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const data = /^data: ?(.*)$/m.exec(text.slice(0, end))?.[1];
        text = text.slice(end + 2);
        const parsed: unknown = data === undefined ? undefined : JSON.parse(data);
        if (typeof parsed === 'object' && parsed !== null && 'type' in parsed)
          onSignal(parsed as Signal, Date.now());
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
