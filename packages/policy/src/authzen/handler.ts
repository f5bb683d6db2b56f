import type { AccessRequest, Clock, Decide, Decision } from '@kydai/contracts';
import type { EntityStore } from '../entities/store.ts';
import type { Search } from '../search/search.ts';
import { type AnnotationsOf, type AnswerDetail, answerOf, type EvaluationAnswer } from './answer.ts';
import { type AuthZenMapping, Mapper } from './mapping.ts';
import { Refusal, refusalOf } from './problem.ts';
import { EvaluationBody, EvaluationsBody, memberOf, parseShape, readBody, type Semantic } from './request.ts';
import { searchRoutes } from './search.ts';

export interface DecisionMade {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly request: AccessRequest;
  readonly decision: Decision;
  /** The caller's `X-Request-ID`. */
  readonly requestId?: string;
}

export interface AuthZenOptions {
  readonly decide: Decide;
  readonly entities: EntityStore;
  readonly clock: Clock;
  readonly mapping?: AuthZenMapping;
  /** Called after each decision; it must not throw. */
  readonly onDecision?: (made: DecisionMade) => void;
  /** For `reason_user.en`, from `@reason_en`. */
  readonly annotations?: AnnotationsOf;
  /** With it, the three search endpoints exist. */
  readonly search?: Search;
  /** What answers tell about policies; `full` unless told. */
  readonly detail?: AnswerDetail;
  /** Where clients reach us, such as `https://ioc.hue.gov.vn`; the request's own origin unless told. */
  readonly baseUrl?: string;
}

export type FetchHandler = (request: Request) => Promise<Response>;

type Route = { readonly method: 'GET' | 'POST'; readonly answer: (request: Request) => Promise<unknown> };

/**
 * The decision point over HTTP (AuthZEN Authorization API 1.0): `POST /access/v1/evaluation`,
 * `POST /access/v1/evaluations`, with a `search` `POST /access/v1/search/{subject,resource,action}`, and
 * `GET /.well-known/authzen-configuration`.
 *
 * A decision, also a denial, is 200. What is malformed is a problem document (RFC 9457) with 400, 404, 405 or 413.
 * `X-Request-ID` is echoed. Authentication of callers is the host's.
 */
export function createAuthZenHandler(options: AuthZenOptions): FetchHandler {
  const point = new DecisionPoint(options);
  const routes: ReadonlyMap<string, Route> = new Map<string, Route>([
    ['/access/v1/evaluation', { method: 'POST', answer: (request) => point.evaluation(request) }],
    ['/access/v1/evaluations', { method: 'POST', answer: (request) => point.evaluations(request) }],
    ...searchRoutes(options.search, options.mapping ?? {}, options.entities).map(
      ([path, answer]): [string, Route] => [path, { method: 'POST', answer }],
    ),
    [
      '/.well-known/authzen-configuration',
      { method: 'GET', answer: async (request) => point.metadata(request, [...routes.keys()]) },
    ],
  ]);
  return async (request) => {
    const headers: Record<string, string> = {};
    const requestId = requestIdOf(request);
    if (requestId !== undefined) headers['x-request-id'] = requestId;
    try {
      const path = new URL(request.url).pathname;
      const route = routes.get(path);
      if (route === undefined) throw new Refusal(404, 'not-found', 'there is no such endpoint');
      if (route.method !== request.method) {
        throw new Refusal(405, 'method', `use ${route.method}`, undefined, { allow: route.method });
      }
      return respond(await route.answer(request), 200, headers);
    } catch (error) {
      const refusal = refusalOf(error);
      return respond(refusal.problem, refusal.problem.status, {
        ...headers,
        ...refusal.headers,
        'content-type': 'application/problem+json',
      });
    }
  };
}

/** Servers answer a response made from text without a stream; `Response.json` gives them no such chance. */
function respond(body: unknown, status: number, headers: Readonly<Record<string, string>>): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  });
}

class DecisionPoint {
  readonly #options: AuthZenOptions;
  readonly #mapper: Mapper;

  constructor(options: AuthZenOptions) {
    this.#options = options;
    this.#mapper = new Mapper(options.mapping ?? {}, options.entities);
  }

  async evaluation(request: Request): Promise<EvaluationAnswer> {
    return this.#evaluate(await readBody(request, EvaluationBody), request);
  }

  /** Section 7. */
  async evaluations(request: Request): Promise<EvaluationAnswer | { evaluations: EvaluationAnswer[] }> {
    const body = await readBody(request, EvaluationsBody);
    const { evaluations = [], options } = body;
    // Section 7.1: without members the request is a single evaluation.
    if (evaluations.length === 0) return this.#evaluate(parseShape(body, EvaluationBody), request);
    const stop = stopsAfter(options?.evaluations_semantic ?? 'execute_all');
    const answers: EvaluationAnswer[] = [];
    for (const member of evaluations) {
      const answer = this.#evaluateMember(body, member, request);
      answers.push(answer);
      if (stop === answer.decision) break;
    }
    return { evaluations: answers };
  }

  /** Section 9: the metadata document. */
  metadata(request: Request, paths: readonly string[]): Record<string, string> {
    const base = (this.#options.baseUrl ?? new URL(request.url).origin).replace(/\/$/, '');
    const document: Record<string, string> = { policy_decision_point: base };
    for (const path of paths) {
      const name = endpointNames.get(path);
      if (name !== undefined) document[name] = base + path;
    }
    return document;
  }

  #evaluate(body: EvaluationBody, request: Request): EvaluationAnswer {
    const { decide, clock, onDecision, detail = 'full', annotations } = this.#options;
    const asked = this.#mapper.request(body);
    const decision = decide(asked);
    const requestId = requestIdOf(request);
    onDecision?.({
      at: clock.now(),
      request: asked,
      decision,
      ...(requestId !== undefined && { requestId }),
    });
    return answerOf(decision, detail, annotations);
  }

  /** One bad member does not spoil the batch: it is denied and says why. */
  #evaluateMember(defaults: EvaluationsBody, member: unknown, request: Request): EvaluationAnswer {
    try {
      return this.#evaluate(memberOf(defaults, member), request);
    } catch (error) {
      const { status, detail } = refusalOf(error).problem;
      if (status === 500) throw error;
      return { decision: false, context: { error: { status, message: detail } } };
    }
  }
}

const endpointNames = new Map([
  ['/access/v1/evaluation', 'access_evaluation_endpoint'],
  ['/access/v1/evaluations', 'access_evaluations_endpoint'],
  ['/access/v1/search/subject', 'search_subject_endpoint'],
  ['/access/v1/search/resource', 'search_resource_endpoint'],
  ['/access/v1/search/action', 'search_action_endpoint'],
]);

function stopsAfter(semantic: Semantic): boolean | undefined {
  if (semantic === 'deny_on_first_deny') return false;
  return semantic === 'permit_on_first_permit' ? true : undefined;
}

/** The header, which is any text; more than 1,024 characters are not echoed. */
function requestIdOf(request: Request): string | undefined {
  const value = request.headers.get('x-request-id');
  return value !== null && value.length <= 1_024 ? value : undefined;
}
