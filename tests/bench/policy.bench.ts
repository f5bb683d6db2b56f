import { benchHttp } from './policy/http.ts';
import { benchScale } from './policy/scale.ts';
import { benchWorkloads } from './policy/workloads.ts';
import type { Figure } from './run.ts';

/** Decisions in the process on known workloads and at scale, and over HTTP. */
export async function run(emit: (figure: Figure) => void): Promise<void> {
  benchWorkloads(emit);
  await benchHttp(emit);
  benchScale(emit);
}
