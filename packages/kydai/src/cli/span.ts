import { ShellError } from '../error.ts';

const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3600_000, d: 86_400_000 };

/** Milliseconds of `90s`, `15m`, `24h`, `30d`. @throws ShellError `usage` */
export function span(text: string): number {
  const match = /^(\d{1,6})([smhd])$/.exec(text);
  if (!match)
    throw new ShellError('usage', `\`${text}\` is not a span of time; write it like 15m, 24h or 30d`);
  return Number(match[1]) * units[match[2]!]!;
}
