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
  const shown = body !== undefined && only ? filtered(body, only) : body;
  return new Response(shown === undefined || request.method === 'HEAD' ? null : JSON.stringify(shown), {
    status,
    headers: { 'content-type': answerType(request), 'x-elastic-product': 'Elasticsearch', ...headers },
  });
}

/** `filter_path` with names, `*` and `**`; a filter that leaves something out by `-` leaves all in. */
function filtered(body: object, filter: string): object {
  const paths = filter.split(',', 64).map((path) => path.split('.', 16));
  if (paths.some(([first]) => first?.startsWith('-'))) return body;
  return (picked(body, paths) as object | undefined) ?? {};
}

function picked(value: unknown, paths: readonly (readonly string[])[]): unknown {
  if (paths.some((path) => path.length === 0)) return value;
  if (Array.isArray(value)) {
    const some = value.map((item) => picked(item, paths)).filter((item) => item !== undefined);
    return some.length === 0 ? undefined : some;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const entries: [string, unknown][] = [];
  for (const [name, inner] of Object.entries(value)) {
    const further = paths.flatMap(([first, ...rest]) => {
      if (first === '**')
        return [[first, ...rest], rest[0] === name || rest[0] === '*' ? rest.slice(1) : rest];
      return first === name || first === '*' ? [rest] : [];
    });
    const found = further.length === 0 ? undefined : picked(inner, further);
    if (found !== undefined) entries.push([name, found]);
  }
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

const failuresTold = 100;

/**
 * Fluent Bit's es output reads at most 512,000 bytes of an answer (`buffer_size`), takes a longer one for a broken
 * connection, and sends the chunk again without end. It counts a chunk as delivered as soon as one item was new, and one
 * that was delivered before as failed. So its answers hold the first failures only, a failure of the store is one of the
 * whole request, and what is there already is none.
 */
export function shortFor(
  request: Request,
  answers: readonly (readonly [action: string, item: ItemAnswer])[],
  took: number,
): Response | undefined {
  if (!/^(?:aws-)?fluent-bit/i.test(request.headers.get('user-agent') ?? '')) return undefined;
  const failed = answers.filter(([, { status }]) => status >= 400 && status !== 409);
  if (failed.some(([, { status }]) => status === 503)) {
    return fault(request, 503, 'unavailable_shards_exception', 'the store failed; send again', {});
  }
  const items = failed.slice(0, failuresTold).map(([action, item]) => ({ [action]: item }));
  const taken = answers.find(([, { status }]) => status < 400);
  if (taken && items.length > 0) items.push({ [taken[0]]: taken[1] });
  return answer(request, 200, { took, errors: items.length > 0, items });
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
