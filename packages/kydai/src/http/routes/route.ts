import { createRoute, type RouteConfig, z } from '@hono/zod-openapi';
import { Problem, type RecordKind, type RecordQuery, type RecordStore } from '@kydai/contracts';
import type { MiddlewareHandler } from 'hono';
import type { GuardedEnv } from '../guard.ts';

/** A JSON answer of a route, for its OpenAPI description. */
export const json = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { 'application/json': { schema } },
});

/** A JSON request body. */
export const jsonBody = <T extends z.ZodType>(schema: T) => ({
  body: { required: true, content: { 'application/json': { schema } } },
});

const problems = {
  default: {
    description: 'what went wrong, as an RFC 9457 problem document',
    content: { 'application/problem+json': { schema: Problem } },
  },
};

/** One route of the guarded API: its description, its guard, and the problem document as every other answer. */
export function apiRoute<Path extends string, const Config extends Omit<RouteConfig, 'path' | 'middleware'>>(
  path: Path,
  guard: MiddlewareHandler<GuardedEnv>,
  config: Config,
) {
  return createRoute({
    ...config,
    path,
    middleware: [guard] as const,
    responses: { ...config.responses, ...problems } as Config['responses'],
  });
}

/** `limit` and `offset` of a listing. */
export const Paging = z.object({
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  offset: z.coerce.number().int().min(0).max(10_000_000).default(0),
});

/** One page of a listing, as every list route answers it. */
export async function pageOf<T>(
  records: RecordStore,
  kind: RecordKind<T>,
  query: RecordQuery,
): Promise<{ items: T[]; total: number }> {
  const page = await records.find(kind, query);
  return { items: page.records.map(({ value }) => value), total: page.total };
}
