import type { Decision } from '@kydai/contracts';

/** Section 6.2: the decision, and in `context` what a person or an administrator may want to know. */
export interface EvaluationAnswer {
  readonly decision: boolean;
  readonly context: {
    readonly outcome?: Decision['outcome'];
    /** Reasons for people, by language. */
    readonly reason_user?: Readonly<Record<string, string>>;
    /** Ids of the policies that decided. */
    readonly policies?: readonly string[];
    /** Policies that could not be evaluated, and why. */
    readonly why?: readonly string[];
    readonly policy_set?: string;
    readonly error?: { readonly status: number; readonly message: string };
  };
}

/** `full` for callers of our own; `redacted` keeps ids, failures and digests from outsiders. */
export type AnswerDetail = 'full' | 'redacted';

export type AnnotationsOf = (policyId: string) => ReadonlyMap<string, string> | undefined;

export function answerOf(
  decision: Decision,
  detail: AnswerDetail,
  annotationsOf: AnnotationsOf | undefined,
): EvaluationAnswer {
  const reasons = reasonsOf(decision, annotationsOf);
  const shown = {
    outcome: decision.outcome,
    ...(Object.keys(reasons).length > 0 && { reason_user: reasons }),
  };
  if (detail === 'redacted') return { decision: decision.allowed, context: shown };
  return {
    decision: decision.allowed,
    context: {
      ...shown,
      policies: decision.determining.map(({ id }) => id),
      why: decision.failures.map(({ id, message }) => `${id}: ${message}`),
      policy_set: decision.policySet,
    },
  };
}

function reasonsOf(decision: Decision, annotationsOf: AnnotationsOf | undefined): Record<string, string> {
  const reasons: Record<string, string> = {};
  const first = decision.determining.find(({ reason }) => reason !== undefined);
  if (first?.reason !== undefined) reasons['vi'] = first.reason;
  for (const { id, reasonEn } of decision.determining) {
    const english = reasonEn ?? annotationsOf?.(id)?.get('reason_en');
    if (english !== undefined) return { ...reasons, en: english };
  }
  return reasons;
}
