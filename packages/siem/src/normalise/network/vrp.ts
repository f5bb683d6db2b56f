import type { Draft } from '../fields.ts';
import { type PatternRow, PatternTable } from '../pattern.ts';
import type { ReaderContext } from '../programs/programs.ts';
import { readBsdTime } from '../syslog/time.ts';
import type { DeviceLine } from './network.ts';

/** `%%01BGP/3/BGP_AUTH_FAILED(l)[12]:` of Huawei's VRP; H3C's Comware writes `%%10SHELL/6/SHELL_CMD:`. */
const head =
  /%%\d{2}([A-Z][A-Z0-9_]{0,31})\/([0-7])\/([A-Za-z0-9_]{1,63})(?:\([a-z]+\))?(?:\[\d{1,10}\])? ?: ?/y;
const longestPrefix = 120;

const act = (action: string) => ({ 'event.action': action });
const login = (outcome: 'success' | 'failure') => ({
  'event.action': 'login',
  'event.outcome': outcome,
  'event.category': ['authentication'],
});
const recorded =
  'Recorded command information. (Task={_}, Ip={source.ip}, VpnName={_:text}, User={user.name:rest}';
const shell = '-Line={_}-IPAddr={source.ip}-User={user.name:rest}; ';

const rows: Readonly<Record<string, readonly PatternRow[]>> = {
  CMDRECORD: [
    {
      match: `${recorded}, AuthenticationMethod={_}, Command="{process.command_line:text}")`,
      set: act('command'),
    },
    { match: `${recorded}, Command="{process.command_line:text}")`, set: act('command') },
  ],
  SHELL_CMD: [{ match: `${shell}Command is {process.command_line:text}`, set: act('command') }],
  LOGIN: [
    { match: '{_:text}(UserName={user.name:rest}, IP={source.ip:ip}, {_:text}', set: login('success') },
  ],
  LOGINFAILED: [
    { match: '{_:text}(UserName={user.name:rest}, IP={source.ip:ip}, {_:text}', set: login('failure') },
    {
      match: 'Failed to login. (Ip={source.ip:ip}, UserName={user.name:rest}, Times={_}, {_:text}',
      set: login('failure'),
    },
  ],
  SHELL_LOGIN: [{ match: '{user.name} logged in from {source.ip:ip}.', set: login('success') }],
  SSH_FAIL: [
    { match: '{_:text}(UserName={user.name:rest}, IP={source.ip:ip}, {_:text}', set: login('failure') },
  ],
  BGP_AUTH_FAILED: [':', ','].map((after) => ({
    match: `BGP session authentication failed. (PeeringAddress={source.ip:ip}${after}{_:text}`,
    set: { ...act('routing_authentication'), 'event.outcome': 'failure' },
  })),
};
const tables: ReadonlyMap<string, PatternTable> = new Map(
  Object.entries(rows).map(([key, each]) => [key, new PatternTable(each)]),
);

/** A line of Huawei VRP or H3C Comware: `time host %%...`. Undefined where it is none. */
export function readVrpLine(
  text: string,
  received: number,
  zone: ReaderContext['zone'],
): DeviceLine | undefined {
  const percent = text.indexOf('%%');
  if (percent < 0 || percent > longestPrefix) return undefined;
  head.lastIndex = percent;
  const match = head.exec(text);
  if (!match) return undefined;
  const stamp = readBsdTime(text, 0, received);
  // The zone stands behind the seconds, or behind the year that H3C puts last: `+07:00`.
  const rest = text.slice(stamp?.end ?? 0, percent);
  const parts = /^(?: ?([+-])(\d\d):(\d\d))? *(?:([\w.-]{1,64})[: ]*)?$/.exec(rest);
  if (!parts) return undefined;
  const [, sign, hours = 0, minutes = 0, host = ''] = parts;
  const east = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
  const time =
    stamp === undefined ? Number.NaN : stamp.ms - (sign === undefined ? zone(stamp.ms || 0) : east);
  const [whole, , severity = '', mnemonic = ''] = match;
  return {
    host,
    relay: '',
    process: '',
    processId: '',
    time,
    timeIsBroken: stamp !== undefined && Number.isNaN(stamp.ms),
    zoneAssumed: stamp !== undefined && sign === undefined,
    yearGuessed: stamp !== undefined && !stamp.hasYear,
    clockDoubted: false,
    message: text.slice(percent),
    read(draft: Draft) {
      const { fields } = draft;
      draft.dataset = 'huawei.syslog';
      fields.add('observer.vendor', text.startsWith('%%10', percent) ? 'H3C' : 'Huawei');
      fields.add('event.code', mnemonic);
      fields.add('event.severity', Number(severity));
      tables.get(mnemonic)?.match(text.slice(percent + whole.length).trimEnd(), fields);
    },
  };
}
