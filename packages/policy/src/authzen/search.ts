import type { EntityStore } from '../entities/store.ts';
import { lastIdOf, pageToken } from '../search/page.ts';
import type { Search, SearchResult } from '../search/search.ts';
import { type AuthZenMapping, Mapper } from './mapping.ts';
import { ActionSearchBody, ResourceSearchBody, readBody, SubjectSearchBody } from './request.ts';

const mostActions = 1_000;

type SearchRoute = readonly [path: string, answer: (request: Request) => Promise<unknown>];

/** AuthZEN Authorization API 1.0, section 8. Results are entities that exist, in the order of their ids, in pages. */
export function searchRoutes(
  search: Search | undefined,
  mapping: AuthZenMapping,
  entities: EntityStore,
): readonly SearchRoute[] {
  if (search === undefined) return [];
  const mapper = new Mapper(mapping, entities);
  return [
    [
      '/access/v1/search/subject',
      async (request) => {
        const body = await readBody(request, SubjectSearchBody);
        const { type } = body.subject;
        const given = mapper.uid(body.resource);
        return pageOf(type, search.subjects({ ...queryOf(mapper, body), type: mapper.type(type), given }));
      },
    ],
    [
      '/access/v1/search/resource',
      async (request) => {
        const body = await readBody(request, ResourceSearchBody);
        const { type } = body.resource;
        const given = mapper.uid(body.subject);
        return pageOf(type, search.resources({ ...queryOf(mapper, body), type: mapper.type(type), given }));
      },
    ],
    [
      '/access/v1/search/action',
      async (request) => {
        const body = await readBody(request, ActionSearchBody);
        const context = mapper.context(body);
        const asked = {
          principal: mapper.uid(body.subject),
          resource: mapper.uid(body.resource),
          ...(context && { context }),
        };
        const { limit = mostActions, next_token, token = next_token } = body.page ?? {};
        const last = token ? lastIdOf(token, asked) : '';
        const names = search.actions(asked).flatMap((id) => mapper.actionNames(id));
        const after = names.filter((name) => name > last).sort();
        const results = after.slice(0, limit).map((name) => ({ name }));
        const more = after.length > results.length;
        return {
          page: { next_token: more ? pageToken(results.at(-1)!.name, asked) : '', count: results.length },
          results,
        };
      },
    ],
  ];
}

function queryOf(
  mapper: Mapper,
  body: Parameters<Mapper['context']>[0] & {
    readonly action: { readonly name: string };
    readonly page?:
      | {
          readonly token?: string | undefined;
          readonly next_token?: string | undefined;
          readonly limit?: number | undefined;
        }
      | undefined;
  },
) {
  const context = mapper.context(body);
  const { limit, next_token, token = next_token } = body.page ?? {};
  return {
    action: mapper.action(body.action.name),
    ...(context && { context }),
    // An empty token is how a client asks for the first page again.
    ...(token && { after: token }),
    ...(limit !== undefined && { limit }),
  };
}

function pageOf(type: string, { found, next }: SearchResult) {
  return {
    page: { next_token: next ?? '', count: found.length },
    results: found.map(({ id }) => ({ type, id })),
  };
}
