import type { Intake, JudgeSender } from '@kydai/siem';
import type { MiddlewareHandler } from 'hono';
import { isLoopback } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { inNetworks } from '../flow/networks.ts';
import type { GuardedEnv } from '../http/guard.ts';
import { problem } from '../http/problems.ts';

/** What addresses that send logs are to us, by the settings and the containments. This machine is no stranger. */
export function judgeSenders(
  { knownHosts, unknownHosts }: Pick<Config['collect'], 'knownHosts' | 'unknownHosts'>,
  blocked: (address: string) => boolean,
): JudgeSender {
  const listed = inNetworks(knownHosts);
  const known = (address: string) => knownHosts.length === 0 || isLoopback(address) || listed(address);
  const stranger = unknownHosts === 'refuse' ? 'unknown-refused' : 'unknown';
  return (address) => (blocked(address) ? 'blocked' : known(address) ? 'known' : stranger);
}

/** Counts requests of unknown senders, and refuses them where that is set, whatever token they hold. */
export function refuseStrangers(judge: JudgeSender, intake: Intake): MiddlewareHandler<GuardedEnv> {
  return async (c, next) => {
    const { address } = c.env.peer;
    const verdict = judge(address);
    if (verdict === 'known' || verdict === 'blocked') return next();
    intake.account('http', address).note('unknown-sender');
    if (verdict === 'unknown') return next();
    return problem(c, 403, 'unknown-sender', 'logs are not expected from this address');
  };
}
