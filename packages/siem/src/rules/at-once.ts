/** Runs work that yields, so that others could have their turn, to its end at once. */
export function atOnce<Result>(work: Generator<unknown, Result, void>): Result {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}
