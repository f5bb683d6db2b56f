import { readBsdTime, readIsoTime, type ZoneOffset } from '../syslog/time.ts';
import type { DeviceHeader } from './device-header.ts';

/** What Cisco equipment writes between the priority and `%FACILITY-SEVERITY-MNEMONIC:`. */
export interface CiscoPrefix extends DeviceHeader {
  /** `*`: the clock was never set by anything that the device believes. `.`: it was, but NTP is lost. */
  readonly mark: '' | '*' | '.';
  /** Seconds since the device started, where it writes that instead of a time; NaN otherwise. */
  readonly uptime: number;
}

/**
 * Zones that are the same everywhere. Others are words that an administrator chose (`clock timezone HUE 7`), and
 * common ones mean several things (IST, CST): their times are read on the clock of the configuration.
 */
const zones: ReadonlyMap<string, number> = new Map([
  ['UTC', 0],
  ['GMT', 0],
  ['Z', 0],
  ['ICT', 7],
]);

const sequence = /^(\d{1,10}): */;
const node = /^(?:[A-Z]{2,4}\/)?\d{1,3}\/[A-Z0-9/]{1,24}: */;
const tag = /^([A-Za-z][\w.-]{0,31})\[(\d{1,10})\] ?: */;
const name = /^([A-Za-z0-9][\w.-]{0,62}) *(?::+ *|(?<= )|$)/;
const yearFirst = /^(\d{4}) ([A-Z][a-z]{2} [ \d]\d) (\d\d:\d\d:\d\d(?:\.\d{1,9})?)/;
const zoneName = /^ ([A-Z][A-Za-z]{0,6})(?=[: ]|$)/;
const sinceStart =
  /^(?:(\d{1,4}):(\d\d):(\d\d)|(?=\d{1,4}[ywdh])(?:(\d{1,2})y)?(?:(\d{1,2})w)?(?:(\d{1,4})d)?(?:(\d{1,2})h)?): */;

/**
 * Reads all of the text before the `%`: sequence numbers, the name that `logging origin-id` adds, the node of IOS XR,
 * a time in any form of `service timestamps` (clock mark, year before or after, milliseconds, zone; or the time since
 * the start), a relay's own time and host before it. Undefined where any of it is something else, for then the line is
 * another program's that only speaks of such a message.
 */
export function readCiscoPrefix(text: string, near: number, zone: ZoneOffset): CiscoPrefix | undefined {
  let at = 0;
  let sequences = 0;
  let times = 0;
  const names: string[] = [];
  const found = { process: '', processId: '', time: Number.NaN, zoneAssumed: false, yearGuessed: false };
  let mark: CiscoPrefix['mark'] = '';
  let uptime = Number.NaN;
  const parts: readonly (readonly [RegExp, (match: RegExpExecArray) => boolean])[] = [
    [
      sinceStart,
      (match) => {
        uptime = secondsOf(match);
        return true;
      },
    ],
    [sequence, () => ++sequences <= 2],
    [node, () => true],
    [
      tag,
      ([, program = '', id = '']) => {
        if (found.process !== '') return false;
        found.process = program;
        found.processId = id;
        return true;
      },
    ],
    [name, ([, host = '']) => names.push(host) <= 2],
  ];
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === 32 || code === 58) {
      at++;
      continue;
    }
    const marked = code === 42 ? '*' : code === 46 ? '.' : '';
    const stamp = times < 2 ? readStamp(text, marked === '' ? at : at + 1, near) : undefined;
    if (stamp) {
      times++;
      mark = marked;
      const offset = stamp.east === undefined ? zone(stamp.ms || 0) : stamp.east * 3_600_000;
      found.time = stamp.ms - offset;
      found.zoneAssumed = stamp.east === undefined;
      found.yearGuessed = stamp.yearGuessed;
      at = stamp.end;
      continue;
    }
    if (marked !== '') return undefined;
    const part = text.slice(at, at + 96);
    let length = 0;
    for (const [pattern, take] of parts) {
      const match = pattern.exec(part);
      if (!match || !take(match)) continue;
      length = match[0].length;
      break;
    }
    if (length === 0) return undefined;
    at += length;
  }
  // Two names are those of a relay and of a device, which then counts its messages or gives a time of its own.
  if (names.length === 2 && times < 2 && sequences === 0) return undefined;
  const [relay = '', host = ''] = names.length === 2 ? names : ['', ...names];
  const timeIsBroken = times > 0 && Number.isNaN(found.time);
  return { ...found, timeIsBroken, host, relay, mark, uptime };
}

function secondsOf(match: RegExpExecArray): number {
  const [, hours, minutes, seconds, years, weeks, days, more] = match.map((each) => Number(each ?? 0));
  const whole = years! * 365 + weeks! * 7 + days!;
  return whole * 86_400 + (hours! + more!) * 3600 + minutes! * 60 + seconds!;
}

interface Stamp {
  /** The wall clock as if it were UTC; NaN where no calendar has it. */
  readonly ms: number;
  /** Hours east of UTC, where the time names a zone that is known. */
  readonly east: number | undefined;
  readonly yearGuessed: boolean;
  readonly end: number;
}

function readStamp(text: string, at: number, near: number): Stamp | undefined {
  const iso = readIsoTime(text, at);
  if (iso) return { ms: iso.ms, east: iso.zoned ? 0 : undefined, yearGuessed: false, end: iso.end };
  const first = yearFirst.exec(text.slice(at, at + 40));
  const read = readBsdTime(first ? `${first[2]} ${first[1]} ${first[3]} ` : text, first ? 0 : at, near);
  if (!read) return undefined;
  let end = first ? at + first[0].length : read.end;
  const word = zoneName.exec(text.slice(end, end + 12));
  // Without a colon behind it, a word that is no zone we know is the name of the device.
  const named = word && (zones.has(word[1]!) || text.charCodeAt(end + word[0].length) === 58);
  if (named) end += word[0].length;
  const east = named ? zones.get(word[1]!) : undefined;
  const yearGuessed =
    !read.hasYear && new Date(read.ms || near).getUTCFullYear() !== new Date(near).getUTCFullYear();
  return { ms: read.ms, east, yearGuessed, end };
}
