import type { Draft } from '../fields.ts';
import { addKeyed, type KeyTable, outcomeOf } from '../formats/extension.ts';
import { readPairs } from '../key-value.ts';

const keys: KeyTable = {
  SRC: 'source.ip',
  DST: 'destination.ip',
  SPT: 'source.port',
  DPT: 'destination.port',
  PROTO: 'network.transport',
  LEN: 'network.bytes',
  IN: 'observer.ingress.interface.name',
  OUT: 'observer.egress.interface.name',
  MAC: 'source.mac',
};

const verbs = /\b(DROP(?:PED)?|REJECT(?:ED)?|DEN(?:Y|IED)|BLOCK(?:ED)?|ACCEPT(?:ED)?|ALLOW(?:ED)?|AUDIT)\b/i;

/**
 * Reads what the LOG target of iptables and nftables writes: an administrator's prefix, then `IN=eth0 OUT= SRC=...`.
 * The verdict is only in the prefix, so it is taken from there where the prefix has a word for it (ufw's `[UFW BLOCK]`).
 * False, with nothing changed, where it is none.
 */
export function readFirewallMessage(draft: Draft, message: string): boolean {
  const at = message.indexOf('IN=');
  if (at < 0 || at > 128 || !message.includes(' SRC=', at) || !message.includes(' DST=', at)) return false;
  const { fields } = draft;
  draft.dataset = 'iptables.log';
  const verb = verbs.exec(message.slice(0, at))?.[1]?.toLowerCase();
  if (verb) {
    fields.offer('event.action', verb);
    const outcome = outcomeOf(verb);
    if (outcome) fields.offer('event.outcome', outcome);
  }
  readPairs(message, at, (key, value) => {
    if (Object.hasOwn(keys, key)) addKeyed(fields, keys, 'iptables', key, value);
  });
  return true;
}
