import { ApiError, type Refusal } from './client.ts';

/**
 * Asks for long work and tells what the server says while it goes on: one JSON document a line. Resolves with the last
 * one. Rejects with `ApiError`, also for a last line `failed`.
 */
export async function followNews<News extends { readonly type: string }>(
  path: string,
  body: object | Blob,
  onNews: (news: News) => void,
  signal: AbortSignal,
): Promise<News | undefined> {
  const binary = body instanceof Blob;
  let response: Response;
  try {
    response = await fetch(path, {
      method: 'POST',
      credentials: 'same-origin',
      headers: {
        accept: 'application/x-ndjson',
        'content-type': binary ? 'application/octet-stream' : 'application/json',
        'x-kydai-csrf': '1',
      },
      body: binary ? body : JSON.stringify(body),
      signal,
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0);
  }
  if (!response.ok || response.body === null) {
    throw new ApiError(
      response.status,
      (await response.json().catch(() => undefined)) as Refusal | undefined,
    );
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  let last: News | undefined;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return last;
    const lines = (rest + value).split('\n');
    rest = lines.pop()!;
    for (const line of lines) {
      last = JSON.parse(line) as News;
      if (last.type === 'failed') throw new ApiError(503, last as Refusal);
      onNews(last);
    }
  }
}
