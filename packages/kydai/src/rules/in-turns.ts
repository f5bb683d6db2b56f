import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long work goes on before others have their turn, milliseconds. */
const turn = 12;

/** Runs a long work to its end, and lets everything else that the program does have its turn in between. */
export async function inTurns<Step, Result>(
  work: Generator<Step, Result, void>,
  onStep: (step: Step) => void = () => {},
): Promise<Result> {
  let began = performance.now();
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
    if (performance.now() - began < turn) continue;
    onStep(value);
    await nextTurn();
    began = performance.now();
  }
}

/** Runs the same work at once. */
export function atOnce<Result>(work: Generator<unknown, Result, void>): Result {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}
