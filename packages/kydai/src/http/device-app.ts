import type { CedarUid, Decide, Device } from '@kydai/contracts';
import type { Peer } from './listen.ts';

const readingLimit = 64 * 1024;

/** What a device asks of us over TLS: certificates by EST, when to renew them, and to publish its readings. */
export function createDeviceApp(parts: {
  readonly est: (request: Request, peer: Peer) => Promise<Response>;
  /** When a certificate should be renewed. */
  readonly renewal: (request: Request) => Promise<Response>;
  /** The device that a client certificate names, if its chain, validity and status are good. */
  readonly identify: (certificate: Uint8Array) => Promise<{ deviceId: string } | { refused: string }>;
  readonly decide: Decide;
  /** Keeps one reading; resolves once it is durable. */
  readonly keep: (device: Device['id'], peer: Peer, body: string) => Promise<void>;
}): (request: Request, peer: Peer) => Promise<Response> {
  const { est, renewal, identify, decide, keep } = parts;
  return async (request, peer) => {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith('/.well-known/est/')) return est(request, peer);
    if (pathname.startsWith('/pki/renewal/')) return renewal(request);
    const topic = /^\/publish\/([a-z0-9-]{1,64})$/.exec(pathname)?.[1];
    if (topic === undefined)
      return answer(404, { error: 'only EST, /pki/renewal/<serial> and /publish/<dataset> are served here' });
    if (request.method !== 'POST') return answer(405, { error: 'publish with POST' });
    if (peer.certificate === undefined)
      return answer(401, { error: 'a device certificate is needed; enrol first' });
    const identity = await identify(peer.certificate);
    if ('refused' in identity) return answer(401, { error: identity.refused });
    const principal: CedarUid = { type: 'Device', id: identity.deviceId };
    const decision = decide({ principal, action: 'publish', resource: { type: 'Dataset', id: topic } });
    if (!decision.allowed) {
      const reasons = decision.determining.map(({ id, reason }) => ({ id, reason }));
      return answer(403, { error: decision.outcome, reasons });
    }
    const body = await boundedText(request, readingLimit);
    if (body === undefined) return answer(413, { error: `a reading may hold ${readingLimit} bytes at most` });
    await keep(identity.deviceId, peer, body);
    return answer(202, { kept: true });
  };
}

function answer(status: number, body: unknown): Response {
  return Response.json(body, { status });
}

/** The body as text; undefined as soon as it exceeds `limit` bytes. */
async function boundedText(request: Request, limit: number): Promise<string | undefined> {
  return (await boundedBody(request, limit))?.toString('utf8');
}

/** The body; undefined as soon as it exceeds `limit` bytes. */
export async function boundedBody(request: Request, limit: number): Promise<Buffer<ArrayBuffer> | undefined> {
  if (Number(request.headers.get('content-length') ?? 0) > limit) return undefined;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
