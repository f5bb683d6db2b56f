import { expect, test } from 'vitest';
import { createCallers } from './caller.ts';

// Read as base64 its letters stand for text with colons, as those of one token in nine do.
const token = 'kdt_Ojo6Ojo6Ojo6';
const callers = createCallers({
  sessions: {} as Parameters<typeof createCallers>[0]['sessions'],
  apiTokens: {
    find: async (secret: string) => (secret === token ? { id: 't1', scopes: [] } : undefined),
  } as unknown as Parameters<typeof createCallers>[0]['apiTokens'],
  operatorKey: 'kdo_other',
  composition: { say: () => {} } as unknown as Parameters<typeof createCallers>[0]['composition'],
});
const base64 = (text: string) => Buffer.from(text).toString('base64');

test.each([
  ['a bearer', `Bearer ${token}`],
  ['a bare API key', `ApiKey ${token}`],
  ['an API key with an id, as Beats send it', `ApiKey ${base64(`id:${token}`)}`],
  ['an API key that was encoded without an id', `ApiKey ${base64(`:${token}`)}`],
  ['the password of any user', `Basic ${base64(`shipper:${token}`)}`],
])('a token is known as %s', async (_, authorization) => {
  expect((await callers.identify(new Headers({ authorization })))?.actor).toBe('token:t1');
});

test.each([`Basic ${token}`, `Digest ${token}`, `ApiKey ${base64(token.slice(0, -1))}`, 'ApiKey'])(
  '%s is nobody',
  async (authorization) => {
    expect(await callers.identify(new Headers({ authorization }))).toBeUndefined();
  },
);
