import type { EventBucket, NumberStatistics } from '@kydai/contracts';
import { numberIn } from './text.ts';

/** What those of some counted values are like that are numbers, or spell one; undefined where none does. */
export function summarise(values: readonly EventBucket[]): NumberStatistics | undefined {
  const numbers = values
    .flatMap(({ value = '', count }) => {
      const number = numberIn(value);
      return number === undefined ? [] : [{ number, count }];
    })
    .sort((a, b) => a.number - b.number);
  const count = numbers.reduce((sum, one) => sum + one.count, 0);
  const first = numbers[0];
  const last = numbers.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const rank = (share: number) => {
    let upTo = 0;
    return (
      numbers.find((one) => {
        upTo += one.count;
        return upTo >= share * count;
      }) ?? last
    ).number;
  };
  const mean = numbers.reduce((sum, one) => sum + one.number * one.count, 0) / count;
  return {
    count,
    min: first.number,
    max: last.number,
    mean,
    p50: rank(0.5),
    p95: rank(0.95),
    p99: rank(0.99),
  };
}
