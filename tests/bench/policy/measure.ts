/**
 * Microseconds for one call: the median over batches of 20, since one call is shorter than two readings of the clock;
 * the 99th percentile over single calls, the clock included.
 */
export function measure<T>(requests: readonly T[], call: (request: T) => unknown): Latency {
  timeBatches(requests, call, 100_000);
  const p50 = percentiles(timeBatches(requests, call, 200_000)).p50;
  return { p50, p99: percentiles(timeEach(requests, call, 200_000)).p99 };
}

export function timeBatches<T>(
  requests: readonly T[],
  call: (request: T) => unknown,
  calls: number,
): number[] {
  const batch = 20;
  const times: number[] = [];
  let at = 0;
  for (let done = 0; done < calls; done += batch) {
    const start = process.hrtime.bigint();
    for (let each = 0; each < batch; each++) {
      if (call(requests[at]!) === undefined) throw new Error('a call gave nothing');
      at = at + 1 === requests.length ? 0 : at + 1;
    }
    times.push(Number(process.hrtime.bigint() - start) / 1000 / batch);
  }
  return times;
}

export function timeEach<T>(requests: readonly T[], call: (request: T) => unknown, calls: number): number[] {
  const times: number[] = [];
  for (let done = 0; done < calls; done++) {
    const request = requests[done % requests.length]!;
    const start = process.hrtime.bigint();
    call(request);
    times.push(Number(process.hrtime.bigint() - start) / 1000);
  }
  return times;
}

export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

export function percentiles(times: readonly number[]): Latency {
  const sorted = Float64Array.from(times).sort();
  return { p50: sorted[Math.floor(sorted.length * 0.5)]!, p99: sorted[Math.floor(sorted.length * 0.99)]! };
}
