import type { WaitingApproval } from '@kydai/contracts';

/** Waiting steps that ask the same for the same reason, oldest first. */
export interface ApprovalGroup {
  readonly key: string;
  readonly members: readonly WaitingApproval[];
}

/** The groups of what waits, the oldest question first; a step of an older server is a group of its own. */
export function groupsOf(waiting: readonly WaitingApproval[]): readonly ApprovalGroup[] {
  const groups = Map.groupBy(waiting, (one) => one.group ?? keyOf(one));
  return [...groups].map(([key, members]) => ({ key, members }));
}

export const keyOf = ({ runId, stepId }: Pick<WaitingApproval, 'runId' | 'stepId'>) => `${runId} ${stepId}`;

/** What a group acts on, each once. */
export function targetsOf(members: readonly WaitingApproval[]): readonly string[] {
  return [...new Set(members.flatMap(({ targets = [] }) => targets.map(({ id }) => id)))];
}
