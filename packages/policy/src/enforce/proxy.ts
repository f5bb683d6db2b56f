import { createHash, timingSafeEqual } from 'node:crypto';
import type { AccessRequest, CedarUid, Clock, Decide } from '@kydai/contracts';
import type { DecisionMade, FetchHandler } from '../authzen/handler.ts';
import { PolicyError } from '../error.ts';
import { commonNameOf, forwardedSubject } from './subject.ts';

/** Which request to a proxied service is which access request; the first that fits counts. */
export interface ProxyRule {
  /** Upper case; any method where left out. */
  readonly methods?: readonly string[];
  /** `/video` covers `/video` and everything below it. */
  readonly path: string;
  readonly action: string;
  readonly resource: CedarUid;
}

export interface ProxyOptions {
  readonly decide: Decide;
  readonly clock: Clock;
  readonly rules: readonly ProxyRule[];
  /** The Cedar type of whoever holds a client certificate; its common name is the id. */
  readonly subjectType: string;
  /**
   * What the proxy proves itself with in `x-kydai-proxy`. Without it a caller that reaches this endpoint past the proxy
   * could claim to be anyone.
   */
  readonly secret: string;
  readonly onDecision?: (made: DecisionMade) => void;
}

/** What a proxy says about the request that it holds back. */
interface HeldRequest {
  readonly method: string;
  readonly path: string;
  readonly subject: string | undefined;
}

/**
 * For nginx `auth_request`: reads `x-original-method`, `x-original-uri`, `x-client-verify` (`$ssl_client_verify`) and
 * `x-client-dn` (`$ssl_client_s_dn`), all of which nginx must set itself. 204 lets pass, 401 is no valid client
 * certificate or not our proxy, 403 is denied, also for a path without a rule.
 */
export function createNginxHandler(options: ProxyOptions): FetchHandler {
  return enforcing(options, 204, ({ headers }) => ({
    method: headers.get('x-original-method') ?? '',
    path: headers.get('x-original-uri') ?? '',
    subject:
      headers.get('x-client-verify') === 'SUCCESS' ? (headers.get('x-client-dn') ?? undefined) : undefined,
  }));
}

/**
 * For Envoy's HTTP `ext_authz`: the held request itself, below `pathPrefix`, with `x-forwarded-client-cert` that Envoy
 * sanitises and sets. 200 lets pass, 401 and 403 as for nginx.
 */
export function createEnvoyHandler(options: ProxyOptions, pathPrefix: string): FetchHandler {
  return enforcing(options, 200, ({ headers, method, url }) => {
    const { pathname, search } = new URL(url);
    const certificates = headers.get('x-forwarded-client-cert');
    return {
      method,
      path: pathname.startsWith(pathPrefix) ? pathname.slice(pathPrefix.length) + search : '',
      subject: certificates === null ? undefined : forwardedSubject(certificates),
    };
  });
}

function enforcing(
  options: ProxyOptions,
  pass: number,
  read: (request: Request) => HeldRequest,
): FetchHandler {
  if (options.secret.length < 16) {
    throw new PolicyError(
      'request',
      'the secret of a proxy must have at least 16 characters; make a longer one',
    );
  }
  const secret = digest(options.secret);
  const answer = (status: number) => new Response(null, { status, headers: { 'cache-control': 'no-store' } });
  return async (request) => {
    if (!timingSafeEqual(digest(request.headers.get('x-kydai-proxy') ?? ''), secret)) return answer(401);
    const held = read(request);
    const id = held.subject === undefined ? undefined : commonNameOf(held.subject);
    if (id === undefined) return answer(401);
    const rule = ruleFor(options.rules, held);
    if (rule === undefined) return answer(403);
    const asked: AccessRequest = {
      principal: { type: options.subjectType, id },
      action: rule.action,
      resource: rule.resource,
    };
    const decision = options.decide(asked);
    options.onDecision?.({ at: options.clock.now(), request: asked, decision });
    return answer(decision.allowed ? pass : 403);
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function ruleFor(rules: readonly ProxyRule[], held: HeldRequest): ProxyRule | undefined {
  const path = plainPath(held.path);
  if (path === undefined) return undefined;
  return rules.find(
    (rule) =>
      (rule.methods === undefined || rule.methods.includes(held.method)) &&
      (path === rule.path || path.startsWith(rule.path.endsWith('/') ? rule.path : `${rule.path}/`)),
  );
}

/**
 * The path without its query. Undefined for anything that a service behind the proxy might read as another path: dot
 * segments, empty segments, backslashes, and every escaped byte that is a separator, a dot or a control.
 */
function plainPath(uri: string): string | undefined {
  const path = uri.split(/[?#]/, 1)[0]!;
  if (!path.startsWith('/') || path.length > 8_192) return undefined;
  if (
    /[^\x21-\x7e]|\\|\/\/|\/\.{1,2}(?:\/|;|$)|%(?:2e|2f|5c|25|[01][0-9a-f]|7f)|%(?![0-9a-f]{2})/i.test(path)
  )
    return undefined;
  return path;
}
