import type { AccessRequest } from '@kydai/contracts';
import { ShellError } from '../error.ts';
import { type PathPattern, pathPattern, plainPath } from './path.ts';

/** One line of `enforce.routes`: which request to a service behind a proxy is which access request. */
export interface EnforceRoute {
  /** `GET`, `GET|HEAD`, or `*` for any. */
  readonly method: string;
  /** `/cameras/{id}/stream`, `/readings/**`. */
  readonly path: string;
  /** Id of a Cedar action. */
  readonly action: string;
  /** The Cedar entity; `{id}` in its id is the path's segment of that name. */
  readonly resource: { readonly type: string; readonly id: string };
  /** Whom it takes for the principal: the device of the certificate, or who signed in; either where left out. */
  readonly subject?: 'device' | 'person' | undefined;
}

/** The action and resource of a held request; undefined where no route covers it, which denies. */
export type RouteTable = (
  method: string,
  target: string,
) => (Pick<AccessRequest, 'action' | 'resource'> & Pick<EnforceRoute, 'subject'>) | undefined;

/**
 * Compiles the routes; the first that fits counts.
 *
 * @throws ShellError `setting` for a pattern that is none, a name that the path lacks, or an unknown action.
 */
export function compileRoutes(
  routes: readonly EnforceRoute[],
  isAction: (action: string) => boolean,
): RouteTable {
  const compiled = routes.map((route, index) => {
    const fault = (what: string) => new ShellError('setting', `setting \`enforce.routes.${index}\`: ${what}`);
    const pattern = pathPattern(route.path);
    if (pattern === undefined)
      throw fault(`\`${route.path}\` is not a path pattern; see docs/enforcement.md`);
    if (!isAction(route.action)) throw fault(`the policies know no action \`${route.action}\``);
    for (const [, name] of route.resource.id.matchAll(/\{([^}]*)\}/g)) {
      if (!route.path.includes(`{${name}}`)) throw fault(`the path has no segment \`{${name}}\``);
    }
    return { ...route, methods: methodsOf(route.method), pattern };
  });
  return (method, target) => {
    const path = plainPath(target);
    if (path === undefined) return undefined;
    for (const route of compiled) {
      if (route.methods !== undefined && !route.methods.has(method)) continue;
      const values = route.pattern(path);
      if (values === undefined) continue;
      const { action, subject } = route;
      return { action, resource: resourceOf(route, values), ...(subject && { subject }) };
    }
    return undefined;
  };
}

/** Methods are case-sensitive (RFC 9110 section 9.1). */
function methodsOf(method: string): ReadonlySet<string> | undefined {
  return method === '*' ? undefined : new Set(method.split('|'));
}

function resourceOf({ resource }: EnforceRoute, values: NonNullable<ReturnType<PathPattern>>) {
  const id = resource.id.replace(/\{([^}]*)\}/g, (_, name: string) =>
    decodeURIComponentSafely(values.get(name)!),
  );
  return { type: resource.type, id };
}

/** Bytes that are no UTF-8 stay escaped: an id that no entity has. */
function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
