import type { PkiHealthView, TokenHealth } from '@kydai/contracts';

type Problem = PkiHealthView['problems'][number];
type AuthorityHealth = PkiHealthView['authorities'][number];

const day = 86_400_000;

/** Keys that share a prime, by the serial number of the first certificate of each. */
export interface WeakKeys {
  readonly found: number;
  readonly serials: readonly string[];
}

/** As many serial numbers as a person can read. */
export const mostNamed = 10;

function weakProblem({ found, serials }: WeakKeys): Problem {
  const named = serials.slice(0, mostNamed).join(', ');
  const subject = serials.length > mostNamed ? `${named}, …` : named;
  return { code: 'shared-prime', level: 'critical', subject, at: found };
}

/** What a person must see to, the worst first. What the program mends by itself is none. */
export function problemsOf(
  at: number,
  token: TokenHealth | null,
  authorities: readonly AuthorityHealth[],
  weak: readonly WeakKeys[] = [],
): Problem[] {
  const problems = [
    ...tokenProblems(token),
    ...authorities.flatMap((each) => authorityProblems(at, each)),
    ...weak.map(weakProblem),
  ];
  return problems.toSorted(
    (left, right) => left.level.localeCompare(right.level) || left.subject.localeCompare(right.subject),
  );
}

function tokenProblems(token: TokenHealth | null): Problem[] {
  if (token === null) return [];
  const { state, label: subject, since: at } = token;
  if (state === 'refused') return [{ code: 'pin-refused', level: 'critical', subject, at }];
  if (state === 'unavailable') return [{ code: 'token-unavailable', level: 'critical', subject, at }];
  return [];
}

function authorityProblems(now: number, authority: AuthorityHealth): Problem[] {
  const { id: subject, issuing, notAfter, lists, responder, key } = authority;
  const problems: Problem[] = [];
  const add = (code: Problem['code'], level: Problem['level'], at: number) =>
    void problems.push({ code, level, subject, at });
  if (now >= notAfter) {
    // One that was followed by another has nothing left to answer for.
    if (issuing) add('authority-ended', 'critical', notAfter);
    return problems;
  }
  // Certificates of 90 days must still fit in, and a ceremony takes weeks to arrange.
  if (issuing && notAfter - now < 180 * day) {
    add('authority-ends-soon', notAfter - now < 90 * day ? 'critical' : 'warning', notAfter);
  }
  if (lists === null && key === 'offline') add('list-not-imported', 'warning', now);
  if (lists !== null && now >= lists.nextUpdate) add('list-stale', 'critical', lists.nextUpdate);
  if (lists !== null && key === 'offline' && now < lists.nextUpdate && lists.nextUpdate - now < 30 * day) {
    add('list-stale', 'warning', lists.nextUpdate);
  }
  if (responder !== null && now >= responder.notAfter) {
    add('responder-ended', 'critical', responder.notAfter);
  }
  return problems;
}
