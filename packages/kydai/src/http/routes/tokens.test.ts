import { OpenAPIHono } from '@hono/zod-openapi';
import type { Decide } from '@kydai/contracts';
import { MemoryRecords } from '@kydai/contracts/testing';
import { createMiddleware } from 'hono/factory';
import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Kydai } from '../../flow/kydai.ts';
import { type ApiTokens, createApiTokens } from '../../sign-in/api-tokens.ts';
import type { Guard } from '../api.ts';
import type { GuardedEnv } from '../guard.ts';
import { problemOf } from '../problems.ts';
import { tokenRoutes } from './tokens.ts';

const administrators = new Set(['administrator']);
const records = new MemoryRecords();
let apiTokens: ApiTokens;
let app: OpenAPIHono<GuardedEnv>;

/** What the access policies say, in short. */
const decide: Decide = ({ principal, action }) => {
  const allowed = action !== 'revoke-api-token' || administrators.has(principal.id);
  const outcome = allowed ? 'permitted' : 'not-permitted';
  return { allowed, outcome, determining: [], failures: [], policySet: '' };
};

/** In place of a sign-in: the header says who it is. */
const guard: Guard = () =>
  createMiddleware<GuardedEnv>(async (c, next) => {
    const id = c.req.header('x-user')!;
    c.set('caller', { uid: { type: 'User', id }, actor: `user:${id}`, ambient: false, known: () => {} });
    return next();
  });

const revoke = async (id: string, user: string): Promise<number> =>
  (await app.request(`/api/v1/api-tokens/${id}/revoke`, { method: 'POST', headers: { 'x-user': user } }))
    .status;

beforeEach(() => {
  apiTokens = createApiTokens(records, { now: () => 1_000_000 });
  app = new OpenAPIHono<GuardedEnv>();
  app.onError((error, c) => problemOf(c, error, pino({ enabled: false })));
  tokenRoutes(app, { apiTokens, decisionLog: { decideFor: () => decide } } as unknown as Kydai, guard);
});

describe('an API token', () => {
  const make = (by: string) => apiTokens.create({ name: 'pipeline', scopes: ['read-api'], days: 1 }, by);

  it('is revoked by who made it', async () => {
    const { token, secret } = await make('user:minh');
    expect(await revoke(token.id, 'minh')).toBe(200);
    expect(await apiTokens.find(secret)).toBeUndefined();
  });

  it('is not revoked by another, revoked already or not, and stays good', async () => {
    const { token, secret } = await make('user:minh');
    const before = records.audit.length;
    expect(await revoke(token.id, 'hoa')).toBe(403);
    expect(await apiTokens.find(secret)).toMatchObject({ id: token.id });
    expect(records.audit).toHaveLength(before);
    expect(await revoke(token.id, 'minh')).toBe(200);
    expect(await revoke(token.id, 'hoa')).toBe(403);
  });

  it('of anybody is revoked by an administrator', async () => {
    const { token, secret } = await make('user:minh');
    expect(await revoke(token.id, 'administrator')).toBe(200);
    expect(await apiTokens.find(secret)).toBeUndefined();
    expect((await apiTokens.list()).find(({ id }) => id === token.id)?.revoked?.by).toBe(
      'user:administrator',
    );
    expect(await revoke('nobody', 'administrator')).toBe(404);
  });
});
