import type { Correlator, CorrelatorState } from './correlator.ts';
import type { Stream } from './route.ts';
import type { Throttle, ThrottleState } from './throttle.ts';

/** A part of what a detector remembers, as plain JSON: some groups of one correlation, or something else. */
export type StatePiece =
  | { readonly rule: string; readonly state: CorrelatorState }
  | { readonly throttle: ThrottleState }
  /** The kinds of events that came, so that a restart can make its rules ready for them. */
  | { readonly streams: readonly Stream[] };

const groupsInPiece = 1000;

/** The state of now in pieces, each small enough to be written down without a pause that anybody notices. */
export function piecesOf(
  correlators: readonly Correlator[],
  throttle: Throttle | undefined,
  streams: readonly Stream[],
): Iterable<StatePiece> {
  // All of them begin now, whenever their pieces are asked for.
  const parts = correlators.map(
    (correlator) => [correlator.rule.id, correlator.saveInPieces(groupsInPiece)] as const,
  );
  return pieces(parts, throttle?.save(), streams);
}

function* pieces(
  parts: readonly (readonly [string, Generator<CorrelatorState, void, void>])[],
  throttle: ThrottleState | undefined,
  streams: readonly Stream[],
): Generator<StatePiece, void, void> {
  try {
    yield { streams };
    if (throttle) yield { throttle };
    for (const [rule, states] of parts) for (const state of states) yield { rule, state };
  } finally {
    for (const [, states] of parts) states.return();
  }
}
