import type { SourceLedger, SourceRate } from '@kydai/contracts';
import { day, minute, roll, second, start } from './start.ts';

const ledger = (
  source: string,
  transport: SourceLedger['transport'],
  received: number,
  refused: number,
  dropped: number,
  pending: number,
  reasons: Record<string, number>,
  lastSeen: number,
): SourceLedger => ({
  source,
  transport,
  received,
  kept: received - refused - dropped - pending,
  parsed: Math.floor((received - refused - dropped - pending) * (0.93 + roll() * 0.07)),
  refused,
  dropped,
  pending,
  reasons,
  bytes: received * 187,
  firstSeen: start - 40 * day,
  lastSeen,
});

export const sources: SourceLedger[] = [
  ledger('syslog-tls/192.0.2.1', 'syslog-tls', 18_204_551, 0, 0, 96, {}, start - 300),
  ledger(
    'syslog-tcp/ioc-cong-api',
    'syslog-tcp',
    7_441_902,
    212,
    0,
    31,
    { 'line-too-long': 212 },
    start - 900,
  ),
  ledger(
    'syslog-udp/192.0.2.12',
    'syslog-udp',
    2_110_480,
    0,
    1841,
    4,
    { 'queue-full': 1841 },
    start - 4 * second,
  ),
  ledger('bulk/filebeat', 'bulk', 4_820_116, 44, 0, 200, { 'bad-json': 44 }, start - 2 * second),
  ledger('http/cong-dich-vu-cong', 'http', 912_004, 9, 0, 0, { 'body-too-large': 9 }, start - 41 * minute),
  ledger('internal/kydai', 'internal', 60_412, 0, 0, 0, {}, start - second),
];

/** One source is still learnt, one has fallen silent. */
export const rates = (): readonly SourceRate[] =>
  sources.map(({ source, received }, index) => {
    const usual = received / 20_000;
    const silent = index === 3;
    return {
      source,
      observed: silent ? 0 : usual * (0.9 + (index % 3) / 10),
      expected: index === 1 ? null : usual,
      silent,
      history: Array.from({ length: 60 }, (_, at) =>
        silent && at > 20 ? 0 : Math.round(usual * (0.8 + 0.3 * Math.abs(Math.sin(at / (3 + index))))),
      ),
    };
  });
