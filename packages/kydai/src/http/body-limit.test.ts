import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bodyLimit } from './body-limit.ts';
import { type Listener, listenHttp } from './listen.ts';

const app = new Hono();
app.use(bodyLimit(10, '10 bytes'));
app.all('/', async (c) => c.text(await c.req.text()));
let listener: Listener;
beforeAll(async () => {
  listener = await listenHttp({
    host: '127.0.0.1',
    port: 0,
    setting: 'test',
    fetch: (request) => app.fetch(request),
  });
});
afterAll(() => listener.close());

const chunks = (...texts: string[]) =>
  new ReadableStream({
    start(controller) {
      for (const text of texts) controller.enqueue(Buffer.from(text));
      controller.close();
    },
  });
const send = (body: string | ReadableStream | undefined, method = 'POST') =>
  fetch(`http://127.0.0.1:${listener.port}/`, {
    method,
    ...(body === undefined ? {} : { body, duplex: 'half' as const }),
  });

describe('a limit on bodies, over a real connection', () => {
  it.each([
    ['of a known length', 'ten bytes!'],
    ['in chunks', chunks('ten ', 'bytes!')],
  ])('lets a body pass %s', async (_, body) => {
    expect(await (await send(body)).text()).toBe('ten bytes!');
  });

  it.each([
    ['of a known length', 'eleven byte'],
    ['in chunks', chunks('eleven', ' byte', 'x'.repeat(100_000))],
  ])('refuses a larger one %s', async (_, body) => {
    expect((await send(body)).status).toBe(413);
  });

  it.each(['GET', 'DELETE', 'POST'])('needs none for %s', async (method) => {
    expect((await send(undefined, method)).status).toBe(200);
  });
});
