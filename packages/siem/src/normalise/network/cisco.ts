import type { Draft } from '../fields.ts';
import type { ReaderContext } from '../programs/programs.ts';
import { readAsaMessage } from './cisco-asa.ts';
import { readFtdMessage } from './cisco-ftd.ts';
import { readIosMessage } from './cisco-ios.ts';
import { readCiscoPrefix } from './cisco-prefix.ts';
import type { DeviceLine } from './network.ts';

/** `%FACILITY[-SUBFACILITY]-SEVERITY-MNEMONIC:`; ASA in EMBLEM form writes a class in lower case for the facility. */
const head =
  /%([A-Z][A-Za-z0-9_]{0,40}(?:-[A-Za-z][A-Za-z0-9_]{0,40}){0,3})-([0-7])-([A-Za-z0-9_]{1,48}) ?: ?/y;
const longestPrefix = 200;
const halfDay = 12 * 3_600_000;

/**
 * A line of Cisco IOS, IOS XE, IOS XR, NX-OS, ASA, PIX, FWSM or FTD: whatever stands before the first `%` is a prefix of
 * theirs. Undefined where it is none.
 *
 * A device that marks its clock as never set (`*`) is believed in that: a time of it that is more than half a day off is
 * not taken, for it counts from March 1993 or from its last start.
 */
export function readCiscoLine(
  text: string,
  received: number,
  zone: ReaderContext['zone'],
): DeviceLine | undefined {
  const percent = text.indexOf('%');
  if (percent < 0 || percent > longestPrefix) return undefined;
  head.lastIndex = percent;
  const match = head.exec(text);
  if (!match) return undefined;
  const prefix = readCiscoPrefix(text.slice(0, percent), received, zone);
  if (!prefix) return undefined;
  const [whole, facility = '', severity = '', mnemonic = ''] = match;
  const unset = prefix.mark === '*' && Math.abs(prefix.time - received) > halfDay;
  return {
    ...prefix,
    time: unset ? Number.NaN : prefix.time,
    clockDoubted: prefix.mark !== '',
    message: text.slice(percent),
    read(draft) {
      const { fields } = draft;
      fields.add('observer.vendor', 'Cisco');
      fields.add('event.code', mnemonic);
      fields.add('event.severity', Number(severity));
      if (!Number.isNaN(prefix.uptime)) fields.add('host.uptime', prefix.uptime);
      const message = text.slice(percent + whole.length);
      const product = /^(?:ASA|PIX|FWSM|FTD)\b/.exec(facility)?.[0];
      if (product === undefined) readIosMessage(draft, facility, mnemonic, message);
      else {
        fields.add('observer.product', product);
        if (mnemonic.startsWith('4300')) readFtdMessage(draft, mnemonic, message);
        else readAsaMessage(draft, mnemonic, message);
      }
    },
  };
}

export type CiscoReader = (draft: Draft, code: string, message: string) => void;
