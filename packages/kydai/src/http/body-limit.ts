import type { MiddlewareHandler } from 'hono';
import { boundedBody } from './device-app.ts';
import { problem } from './problems.ts';

/**
 * Refuses a body larger than `limit` bytes, whether its length was announced or not. A body of unknown length is read
 * here: the server's request object cannot be made again around a stream, which Hono's own limit would try.
 */
export function bodyLimit(limit: number, words: string): MiddlewareHandler {
  return async (c, next) => {
    const announced = c.req.header('content-length');
    const tooLarge = () => problem(c, 413, 'too-large', `a body may hold ${words} at most`);
    if (announced !== undefined) return Number(announced) > limit ? tooLarge() : next();
    if (c.req.header('transfer-encoding') === undefined) return next();
    const body = await boundedBody(c.req.raw, limit);
    if (body === undefined) return tooLarge();
    const { url, method, headers } = c.req.raw;
    c.req.raw = new Request(url, { method, headers, ...(body.length === 0 ? {} : { body }) });
    return next();
  };
}
