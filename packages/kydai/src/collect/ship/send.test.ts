import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { createSender } from './send.ts';

it('asks about one batch after the other what the collector has, however many files come back at once', async () => {
  let asking = 0;
  let most = 0;
  const server = createServer(async (request, response) => {
    if (request.url === '/events/known') {
      const { ids } = JSON.parse(await text(request)) as { ids: string[] };
      most = Math.max(most, ++asking);
      setTimeout(() => {
        asking--;
        response.end(JSON.stringify({ known: ids.filter((id) => id.endsWith('kept')) }));
      }, 5);
      return;
    }
    request.resume();
    response.end(JSON.stringify({ kept: 1, refused: [] }));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/events`;
  const send = createSender({ url, signal: new AbortController().signal });
  const parcels = (n: number) => [`${n} kept`, `${n} new`].map((id) => ({ id, fields: { 'event.id': id } }));
  const sent = await Promise.all(
    Array.from({ length: 20 }, (_, n) => send(parcels(n), { since: 1_000_000 })),
  );
  server.close();
  expect(sent).toEqual(sent.map(() => ({ kept: 2, refused: 0 })));
  expect(most).toBe(1);
});
