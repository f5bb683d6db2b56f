/** What became of one item of a bulk request. */
export interface ItemAnswer {
  readonly status: number;
  readonly [name: string]: unknown;
}

/** The media type that the client asked for: plain JSON, or Elasticsearch's with the compatibility version. */
export function answerType(request: Request): string {
  const match = /application\/vnd\.elasticsearch\+json;\s*compatible-with=(\d+)/.exec(
    request.headers.get('accept') ?? '',
  );
  return match ? `application/vnd.elasticsearch+json;compatible-with=${match[1]}` : 'application/json';
}

/** Any answer: the product header is what official clients check before they trust the server. */
export function answer(
  request: Request,
  status: number,
  body: object | undefined,
  url?: URL,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const only = url?.searchParams.get('filter_path');
  const shown = body !== undefined && only ? brief(body, only) : body;
  return new Response(shown === undefined || request.method === 'HEAD' ? null : JSON.stringify(shown), {
    status,
    headers: { 'content-type': answerType(request), 'x-elastic-product': 'Elasticsearch', ...headers },
  });
}

/** The one filter that shippers use on bulk answers: without it an answer is as long as the request. */
function brief(body: object, filter: string): object {
  const names = filter.split(',');
  const items = (body as { items?: readonly Readonly<Record<string, ItemAnswer>>[] }).items;
  if (
    !items ||
    !names.includes('errors') ||
    !names.every((name) => name === 'errors' || name.startsWith('items.*.'))
  ) {
    return body;
  }
  const errors = (body as { errors?: boolean }).errors;
  const wanted = names.filter((name) => name.startsWith('items.*.')).map((name) => name.slice(8));
  return {
    errors,
    items: items.map((item) => {
      const [action, full] = Object.entries(item)[0]!;
      return {
        [action]: Object.fromEntries(
          wanted.filter((name) => full[name] !== undefined).map((name) => [name, full[name]]),
        ),
      };
    }),
  };
}

/** Elasticsearch's form of an error. */
export function fault(
  request: Request,
  status: number,
  type: string,
  reason: string,
  headers: Readonly<Record<string, string>>,
): Response {
  const cause = { type, reason };
  return answer(request, status, { error: { root_cause: [cause], ...cause }, status }, undefined, headers);
}
