import type { Engine } from '@kydai/policy';
import type { Kydai } from '../flow/kydai.ts';
import { envoyGate, nginxGate } from './gate.ts';
import { compileRoutes } from './routes.ts';

export interface Enforcement {
  /** For nginx's `auth_request`. */
  readonly nginx: (request: Request) => Promise<Response>;
  /** For Envoy's HTTP `ext_authz`, below `envoyPrefix`. */
  readonly envoy: (request: Request) => Promise<Response>;
}

export const envoyPrefix = '/access/v1/envoy';

/** The doors for proxies. @throws ShellError `setting` for a route that cannot be. */
export function openEnforcement(
  parts: Pick<Kydai, 'config' | 'authority' | 'callers' | 'decisionLog'> & { readonly engine: Engine },
): Enforcement {
  const { config, authority, callers, decisionLog, engine } = parts;
  const known = new Set([...(engine.policySet.schema?.actions.values() ?? [])].map(({ uid }) => uid.id));
  const routes = compileRoutes(config.enforce.routes, (action) => known.has(action));
  const verifyClient = authority.verifyClient;
  const identify = callers.identify;
  return {
    nginx: nginxGate({ routes, verifyClient, identify, decide: decisionLog.decideFor('nginx') }),
    envoy: envoyGate({ routes, verifyClient, identify, decide: decisionLog.decideFor('envoy') }, envoyPrefix),
  };
}
