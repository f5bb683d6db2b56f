import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Signal } from '@kydai/contracts';

export const streams = new Set<ServerResponse>();
export function publish(signal: Signal | { type: 'decision' }): void {
  for (const stream of streams) stream.write(`event: ${signal.type}\ndata: ${JSON.stringify(signal)}\n\n`);
}

export function json(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, {
    'content-type': status < 400 ? 'application/json' : 'application/problem+json',
  });
  response.end(JSON.stringify(body));
}
export const problem = (
  response: ServerResponse,
  status: number,
  code: string,
  detail: string,
  more: object = {},
) =>
  json(response, { type: `urn:kydai:problem:${code}`, title: code, status, detail, code, ...more }, status);

export async function bodyOf(request: IncomingMessage): Promise<Record<string, string>> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return parts.length ? JSON.parse(Buffer.concat(parts).toString()) : {};
}

export function page<T>(items: readonly T[], search: URLSearchParams) {
  const offset = Number(search.get('offset') ?? 0);
  return { items: items.slice(offset, offset + Number(search.get('limit') ?? 50)), total: items.length };
}

export const none = { items: [], total: 0 };
