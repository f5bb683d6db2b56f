import type { Context } from 'hono';
import { stream } from 'hono/streaming';
import type { Logger } from 'pino';
import { problemOf } from './problems.ts';

/** Asked for with `Accept: application/x-ndjson`. */
export const newsType = 'application/x-ndjson';

/** Whether the client wants to be told how the work goes on. */
export function wantsNews(c: Context): boolean {
  return (c.req.header('accept') ?? '').includes(newsType);
}

/**
 * Tells of long work while it goes on: one JSON document a line, of which the last says how it ended. What goes wrong
 * on the way is a last line `failed` with the code and the words of its problem document. A client that goes away
 * aborts the work.
 */
export function tellNews<News extends { readonly type: string }>(
  c: Context,
  log: Logger,
  work: (tell: (news: News) => void, signal: AbortSignal) => Promise<News>,
): Response {
  c.header('content-type', newsType);
  c.header('x-accel-buffering', 'no');
  c.header('cache-control', 'no-store');
  return stream(c, async (out) => {
    const gone = new AbortController();
    out.onAbort(() => gone.abort());
    let writing: Promise<unknown> = Promise.resolve();
    const tell = (news: object) => {
      writing = writing.then(() => out.write(`${JSON.stringify(news)}\n`));
    };
    try {
      tell(await work(tell, gone.signal));
    } catch (error) {
      if (!gone.signal.aborted) {
        const { code, detail } = (await problemOf(c, error, log).json()) as { code: string; detail: string };
        tell({ type: 'failed', code, detail });
      }
    }
    await writing;
  });
}
