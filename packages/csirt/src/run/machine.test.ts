import fc from 'fast-check';
import { expect, it } from 'vitest';
import { incidents, runs } from '../incident/kinds.ts';
import { playbookOfTree, type Tree, workflow } from '../testing/workflow.ts';
import { detectionOf, World } from '../testing/world.ts';
import { runStates } from './state.ts';

/** How containments and people answer, by turns; how many commits pass before each kill. */
interface Script {
  readonly tree: Tree;
  readonly handler: boolean;
  readonly effects: readonly boolean[];
  readonly answers: readonly boolean[];
  readonly attended: boolean;
  readonly kills: readonly number[];
}
const script: fc.Arbitrary<Script> = fc.record({
  tree: workflow,
  handler: fc.boolean(),
  effects: fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }),
  answers: fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }),
  attended: fc.boolean(),
  kills: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }),
});

/** Lives through a run: each executor but the last is killed after some commits, in the middle of what it does. */
async function live({ tree, handler, effects, answers, attended, kills }: Script) {
  const world = new World([playbookOfTree(tree, handler)]);
  world.unattended = () => !attended;
  // The same containment gets the same answer however often it is asked for.
  const fate = new Map<string, boolean>();
  world.effect = (containment) => {
    if (!fate.has(containment.id)) fate.set(containment.id, effects[fate.size % effects.length]!);
    if (fate.get(containment.id) !== true) throw new Error('no');
    return world.proof(containment);
  };
  const detection = detectionOf();
  const { incident } = await world.triage().ingest(detection);
  let asked = 0;
  for (const budget of [...kills, Number.POSITIVE_INFINITY]) {
    let commits = 0;
    world.records.beforeCommit = () => {
      commits += 1;
      if (commits > budget) throw new Error('killed');
    };
    const executor = world.executor({
      retry: { attempts: 2, firstMs: 0, longestMs: budget === Number.POSITIVE_INFINITY ? 0 : 100_000 },
    });
    try {
      await executor.resume();
      for (;;) {
        if (budget === Number.POSITIVE_INFINITY) await executor.settled();
        else await new Promise((resolve) => setTimeout(resolve, 1));
        const [waiting] = await executor.waiting();
        if (waiting === undefined) break;
        const approved = answers[asked++ % answers.length]!;
        await executor.approve({
          runId: waiting.runId,
          stepId: waiting.stepId,
          approved,
          comment: '',
          by: 'user:lan',
        });
      }
    } catch {
      // Killed in the middle of an answer or of the beginning.
    }
    await executor.close();
  }
  const run = (await world.records.find(runs)).records;
  return { world, run, incident: (await world.records.get(incidents, incident!.id))!.value };
}

it('ends every run, whatever its shape, what fails, what is refused and when it is killed', {
  timeout: 60_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(script, async (given) => {
      const { world, run, incident } = await live(given);
      expect(run).toHaveLength(1);
      const { state, steps, ended } = run[0]!.value;
      expect(['done', 'failed']).toContain(state);
      expect(ended).toBeDefined();
      // Each step is over, and was begun once: no loop is in these workflows.
      expect(new Set(steps.map(({ id }) => id)).size).toBe(steps.length);
      for (const step of steps) {
        expect(['done', 'failed', 'refused', 'skipped']).toContain(step.state);
        if (step.state === 'done' && step.type === 'action')
          expect(step.ended).toBeGreaterThanOrEqual(step.started!);
      }
      // One containment id for each containment step that was begun, however often it was asked for.
      const ids = new Set(world.asked.map(({ id }) => id));
      for (const id of ids) expect(steps.some((step) => id.endsWith(step.id))).toBe(true);
      // A proven containment stands in the audit log once.
      const proven = world.audit.filter(({ action }) => action === 'containment.effective');
      expect(new Set(proven.map(({ target }) => target)).size).toBe(proven.length);
      // Contained is said only where something was proven and nothing that contains failed or was refused.
      const stored = (await world.records.find(runStates)).records[0]!.value;
      if (incident.state === 'contained') {
        expect(proven.length).toBeGreaterThan(0);
        expect(stored.contained.missed).toBe(false);
      }
      expect(stored.threads.every(({ phase }) => phase === 'ended')).toBe(true);
      const said = world.audit.map(({ action }) => action).filter((action) => action === `run.${state}`);
      expect(said).toHaveLength(1);
    }),
    { numRuns: 40 },
  );
});
