import type { Contain, Containment, ContainmentProof } from '@kydai/contracts';
import { type Outcome, outcome, phrase } from './outcome.ts';

/** Waits; rejects when the signal aborts. Injected, so that tests own the time. */
export type Sleep = (milliseconds: number, signal: AbortSignal) => Promise<void>;

/** A wait on the process's own timers, which do not keep it alive. */
export const sleep: Sleep = (milliseconds, signal) =>
  new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    // A longer delay would overflow the timer and fire at once.
    const timer = setTimeout(done, Math.min(milliseconds, 2_147_483_647));
    function done(): void {
      signal.removeEventListener('abort', stop);
      resolve();
    }
    timer.unref();
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });

export type Attempt =
  | { readonly effective: true; readonly proof: ContainmentProof }
  | { readonly effective: false; readonly why: Outcome; readonly proof?: ContainmentProof };

/**
 * Asks for one containment, once, for at most `limit` milliseconds or until the stop. A port that rejects, takes too long or cannot prove
 * the effect gives a reason and never throws. After a time-out the act may still take effect; the same containment id
 * makes asking again harmless.
 */
export async function attempt(
  contain: Contain,
  containment: Containment,
  limit: number,
  wait: Sleep,
  stop: AbortSignal,
): Promise<Attempt> {
  const timeout = new AbortController();
  const late = wait(Math.max(0, limit), AbortSignal.any([timeout.signal, stop])).then(
    () => undefined,
    () => undefined,
  );
  const asked = Promise.resolve()
    .then(() => contain(containment))
    .then(
      (proof): Attempt =>
        proof.effective
          ? { effective: true, proof }
          : {
              effective: false,
              why: {
                line: `no effect was found: ${proof.evidence.join('; ')}`.slice(0, 500),
                phrases: [phrase('outcome.no-effect'), ...(proof.evidencePhrases ?? [])].slice(0, 20),
              },
              proof,
            },
      (error: unknown): Attempt => ({ effective: false, why: oneLine(error) }),
    );
  const first = await Promise.race([asked, late]);
  timeout.abort(new Error('over'));
  return (
    first ?? {
      effective: false,
      why: outcome('ACTION_TIMEOUT: no answer in time; it may still take effect', 'outcome.no-answer'),
    }
  );
}

/** An error's message as one short line, without its stack. */
function oneLine(error: unknown): Outcome {
  const text = error instanceof Error ? error.message : 'the containment failed';
  const line = text.replace(/\s+/g, ' ').slice(0, 500);
  return outcome(line, 'outcome.error', { error: line });
}
