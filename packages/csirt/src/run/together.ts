import { type Clock, type RecordStore, uuidv7 } from '@kydai/contracts';
import type { Sleep } from '../contain/perform.ts';
import { CsirtError } from '../error.ts';
import type { Approval, Decision, DecisionProgress, Member } from './ports.ts';

/** Members that one decision may name, and decisions that are remembered once they are over. */
const most = 1000;
const remembered = 50;

export interface Together {
  decide(decision: Decision): Promise<DecisionProgress>;
  progress(): readonly DecisionProgress[];
  stop(id: string, by: string): Promise<DecisionProgress>;
  settled(): Promise<void>;
}

/**
 * One answer of a person to many waiting steps.
 *
 * INVARIANT: exactly the steps that the person saw and named are answered; what began to wait since waits on. Approved
 * steps begin at a bounded pace, so that a person who sees the first ones go wrong can stop the rest. A restart stops
 * it too: what was not reached waits as before.
 */
export function createTogether(parts: {
  readonly approve: (approval: Approval) => Promise<unknown>;
  readonly records: RecordStore;
  readonly clock: Clock;
  readonly sleep: Sleep;
  readonly stopping: AbortSignal;
  /** How many approved steps may begin in a minute. */
  readonly perMinute: number;
}): Together {
  const { approve, records, clock, sleep, stopping, perMinute } = parts;
  const all = new Map<string, DecisionProgress & { work: Promise<void> }>();
  /** When the next approved step may begin; one pace for all decisions. */
  let next = Number.NEGATIVE_INFINITY;

  const audit = (by: string, action: string, id: string, detail: Record<string, string | number>) =>
    records.commit(
      [],
      [
        {
          at: clock.now(),
          actor: by,
          action,
          target: `service:approvals`,
          detail: { decision: id, ...detail },
        },
      ],
    );

  async function turn(): Promise<void> {
    const now = clock.now();
    const at = Math.max(now, next);
    next = at + 60_000 / perMinute;
    if (at > now) await sleep(at - now, stopping);
  }

  async function work(id: string, { members, approved, comment, by }: Decision): Promise<void> {
    for (const member of members) {
      if (approved) await turn();
      const present = all.get(id)!;
      if (present.stopped !== undefined || stopping.aborted) break;
      const reached = await answer(member, { approved, comment, by });
      all.set(id, { ...all.get(id)!, [reached]: present[reached] + 1 });
    }
    all.set(id, { ...all.get(id)!, ended: clock.now() });
    for (const [old, { ended }] of all) {
      if (all.size <= remembered) break;
      if (ended !== undefined) all.delete(old);
    }
  }

  async function answer(
    { runId, stepId }: Member,
    given: Pick<Decision, 'approved' | 'comment' | 'by'>,
  ): Promise<'answered' | 'gone' | 'failed'> {
    try {
      await approve({ runId, stepId, ...given });
      return 'answered';
    } catch (error) {
      const decided = error instanceof CsirtError && ['step-not-waiting', 'run-unknown'].includes(error.code);
      return decided ? 'gone' : 'failed';
    }
  }

  const shown = ({ work: _, ...progress }: DecisionProgress & { work: Promise<void> }): DecisionProgress =>
    progress;

  return {
    async decide(decision) {
      const { members, approved, comment, by } = decision;
      if (members.length === 0 || members.length > most)
        throw new CsirtError('decision-size', `name between 1 and ${most} steps to decide`);
      const id = uuidv7(clock.now());
      await audit(by, approved ? 'approval.grant-together' : 'approval.refuse-together', id, {
        steps: members.length,
        comment: comment.slice(0, 1000),
      });
      const begun = {
        id,
        by,
        approved,
        at: clock.now(),
        total: members.length,
        answered: 0,
        gone: 0,
        failed: 0,
      };
      all.set(id, { ...begun, work: Promise.resolve() });
      const under = work(id, decision).catch(() => {});
      all.set(id, { ...all.get(id)!, work: under });
      return shown(all.get(id)!);
    },
    progress: () => [...all.values()].map(shown).reverse(),
    async stop(id, by) {
      const found = all.get(id);
      if (found === undefined)
        throw new CsirtError('decision-unknown', `there is no decision \`${id.slice(0, 64)}\``);
      if (found.ended !== undefined || found.stopped !== undefined) return shown(found);
      all.set(id, { ...found, stopped: by });
      await audit(by, 'approval.stop-together', id, { answered: found.answered });
      return shown(all.get(id)!);
    },
    async settled() {
      await Promise.all([...all.values()].map((each) => each.work));
    },
  };
}
