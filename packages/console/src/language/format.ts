import type { Language } from './translate.ts';

/** Where clock times are shown: Viet Nam unless the reader chooses otherwise. */
export type ZoneChoice = 'vietnam' | 'local' | 'utc';

export interface Formatter {
  /** `1.234.567` or `1,234,567`. */
  number(value: number): string;
  /** `1,2 Tr` or `1.2M`, for tight places; the exact figure belongs in the title. */
  compact(value: number): string;
  /** A share of 1 as per cent with at most one decimal. */
  percent(share: number): string;
  bytes(value: number): string;
  /** `21/11/2026 20:15:09`, the exact time for hovering and tables. */
  exact(at: number): string;
  /** `20:15:09` with milliseconds when asked for. */
  clock(at: number, milliseconds?: boolean): string;
  /** `20:15`, or `21/11 20:15` when it is not today. */
  short(at: number, now: number): string;
  /** `21/11`. */
  day(at: number): string;
  /** `21/11/2026`. */
  date(at: number): string;
  /** `3 phút trước`; both tenses. */
  relative(at: number, now: number): string;
  /** A length of time, as exact as its size deserves: `850 ms`, `12,4 giây`, `2 giờ 5 phút`, `42 ngày`, `9,9 năm`. Never negative. */
  duration(milliseconds: number): string;
}

const zones: Readonly<Record<ZoneChoice, string | undefined>> = {
  vietnam: 'Asia/Ho_Chi_Minh',
  local: undefined,
  utc: 'UTC',
};

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const year = 365.25 * day;

const words = {
  vi: { ms: 'ms', s: 'giây', m: 'phút', h: 'giờ', d: 'ngày', y: 'năm', now: 'vừa xong' },
  en: { ms: 'ms', s: 's', m: 'min', h: 'h', d: 'd', y: 'y', now: 'just now' },
} as const;

/** Number, time and duration formats of one language and zone. Building one is slow: keep it. */
export function createFormatter(language: Language, zone: ZoneChoice): Formatter {
  const locale = language === 'vi' ? 'vi-VN' : 'en-GB';
  const timeZone = zones[zone];
  const inZone = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale, { ...options, hourCycle: 'h23', ...(timeZone ? { timeZone } : {}) });
  const dateFormat = inZone({ day: '2-digit', month: '2-digit', year: 'numeric' });
  // Day and month alone as 21/11 in both languages; `vi-VN` would write 21-11 beside its own 21/11/2026.
  const dayFormat = new Intl.DateTimeFormat('en-GB', {
    day: '2-digit',
    month: '2-digit',
    ...(timeZone ? { timeZone } : {}),
  });
  const clockFormat = inZone({ hour: '2-digit', minute: '2-digit', second: '2-digit' });
  const finestFormat = inZone({
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
  });
  const shortFormat = inZone({ hour: '2-digit', minute: '2-digit' });
  const relativeFormat = new Intl.RelativeTimeFormat(locale, { numeric: 'always' });
  const numberFormat = new Intl.NumberFormat(locale);
  const compactFormat = new Intl.NumberFormat(language === 'vi' ? 'vi-VN' : 'en-US', {
    notation: 'compact',
    maximumFractionDigits: 1,
  });
  const percentFormat = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 });
  const tenths = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const word = words[language];

  const relative = (at: number, now: number): string => {
    const gap = at - now;
    const size = Math.abs(gap);
    if (size < 5 * second) return word.now;
    const [unit, length] =
      size < minute
        ? (['second', second] as const)
        : size < hour
          ? (['minute', minute] as const)
          : size < day
            ? (['hour', hour] as const)
            : (['day', day] as const);
    return relativeFormat.format(Math.trunc(gap / length), unit);
  };

  const duration = (milliseconds: number): string => {
    const size = Math.abs(milliseconds);
    if (size < second) return `${numberFormat.format(Math.round(size))} ${word.ms}`;
    if (size < minute) return `${tenths.format(Math.floor(size / 100) / 10)} ${word.s}`;
    const pair = (large: number, largeWord: string, small: number, smallWord: string) => {
      const whole = Math.floor(size / large);
      const rest = Math.floor((size % large) / small);
      return `${numberFormat.format(whole)} ${largeWord}${rest > 0 ? ` ${rest} ${smallWord}` : ''}`;
    };
    if (size < hour) return pair(minute, word.m, second, word.s);
    if (size < day) return pair(hour, word.h, minute, word.m);
    if (size < 10 * day) return pair(day, word.d, hour, word.h);
    if (size < 2 * year) return `${numberFormat.format(Math.floor(size / day))} ${word.d}`;
    return `${tenths.format(Math.floor((size / year) * 10) / 10)} ${word.y}`;
  };

  return {
    number: (value) => numberFormat.format(value),
    compact: (value) => (Math.abs(value) < 10_000 ? numberFormat.format(value) : compactFormat.format(value)),
    percent: (share) => percentFormat.format(share),
    bytes: (value) => {
      const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
      const step = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3));
      return `${tenths.format(value / 1000 ** step)} ${units[step]}`;
    },
    exact: (at) => `${dateFormat.format(at)} ${clockFormat.format(at)}`,
    clock: (at, milliseconds = false) => (milliseconds ? finestFormat : clockFormat).format(at),
    short: (at, now) =>
      dateFormat.format(at) === dateFormat.format(now)
        ? shortFormat.format(at)
        : `${dayFormat.format(at)} ${shortFormat.format(at)}`,
    day: (at) => dayFormat.format(at),
    date: (at) => dateFormat.format(at),
    relative,
    duration,
  };
}
