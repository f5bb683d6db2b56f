import { Detection } from '@kydai/contracts';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { actOf, commandOf } from '../contain/step.ts';
import { incidents, runs } from '../incident/kinds.ts';
import { ownRunbookFiles } from '../testing/runbooks.ts';
import { detectionOf, World } from '../testing/world.ts';
import { loadPlaybooks } from './load.ts';

const files = ownRunbookFiles();
const { playbooks, problems } = loadPlaybooks(files);

const CaseDetection = z.strictObject({
  rule: z.string(),
  level: Detection.unwrap().shape.level,
  entities: Detection.unwrap().shape.entities,
  techniques: z.array(z.string()),
  tags: z.array(z.string()),
});
const CaseFile = z.strictObject({
  playbook: z.string(),
  fires: z
    .array(
      z.strictObject({
        name: z.string(),
        detection: CaseDetection,
        unattended: z.boolean(),
        answers: z.record(z.string(), z.boolean()).default({}),
        failing: z.array(z.string()).default([]),
        expect: z.strictObject({
          steps: z.record(z.string(), z.string()),
          effects: z.array(z.string()),
          run: z.string(),
          incident: z.string(),
        }),
      }),
    )
    .min(1),
  quiet: z.array(z.strictObject({ name: z.string(), detection: CaseDetection })).min(1),
});
const toDetection = ({ rule, ...rest }: z.infer<typeof CaseDetection>) =>
  detectionOf({ ...rest, rule: { id: rule.toLowerCase().replaceAll(' ', '-'), title: rule } });

it('loads every runbook without a problem', () => {
  expect(problems).toEqual([]);
  expect(playbooks.length).toBeGreaterThanOrEqual(8);
  for (const { trigger } of playbooks) expect(trigger?.known_gaps.length).toBeGreaterThan(0);
});

it('says what a person does in both languages, with the same variables', () => {
  const variables = (text: string): string[] => [...new Set(text.match(/__\w+?__:value/g))].sort();
  for (const { id, cacao } of playbooks) {
    for (const step of Object.values(cacao.workflow)) {
      if (step.type !== 'action' || actOf(step).kind === 'notice') continue;
      const { en, vi } = commandOf(step);
      expect(vi, `${id}: ${step.name}`).toBeDefined();
      expect(variables(vi!), `${id}: ${step.name}`).toEqual(variables(en));
    }
  }
});

it('has a case file for every runbook', () => {
  const cases = files
    .filter(({ file }) => file.endsWith('.test.json'))
    .map(({ file }) => file.replace('.test', ''));
  const books = files.filter(({ file }) => !file.endsWith('.test.json')).map(({ file }) => file);
  expect(cases.sort()).toEqual(books.sort());
});

for (const { file, text } of files.filter((it) => it.file.endsWith('.test.json'))) {
  const { playbook, fires, quiet } = CaseFile.parse(JSON.parse(text));
  describe(`runbook ${file.replace('.test.json', '')}`, () => {
    for (const one of fires) {
      it(`runs: ${one.name}`, async () => {
        const world = new World(playbooks);
        world.unattended = () => one.unattended;
        world.effect = (containment) => {
          if (one.failing.includes(containment.action)) throw new Error('the switch does not answer');
          return world.proof(containment);
        };
        const detection = toDetection(one.detection);
        const triaged = await world.triage().ingest(detection);
        expect(triaged.start).toBe(playbook);
        expect(triaged.incident?.category).toBe(playbook);
        const executor = world.executor();
        const { id } = await executor.start(playbook, triaged.incident!, detection);
        for (;;) {
          await executor.settled();
          const asked = await executor.waiting();
          const next = asked[0];
          if (next === undefined) break;
          const approved = one.answers[next.stepName];
          expect(approved, `an answer for ${next.stepName}`).toBeDefined();
          await executor.approve({
            runId: id,
            stepId: next.stepId,
            approved: approved!,
            comment: '',
            by: 'user:lan',
          });
        }
        const run = (await world.records.get(runs, id))!.value;
        const states = Object.fromEntries(run.steps.map((step) => [step.name, step.state]));
        expect(states).toMatchObject(one.expect.steps);
        expect(world.effects.sort()).toEqual(one.expect.effects);
        expect(run.state).toBe(one.expect.run);
        const incident = (await world.records.get(incidents, triaged.incident!.id))!.value;
        expect(incident.state).toBe(one.expect.incident);
      });
    }
    for (const one of quiet) {
      it(`stays quiet: ${one.name}`, async () => {
        const world = new World(playbooks);
        const triaged = await world.triage().ingest(toDetection(one.detection));
        expect(triaged.start).not.toBe(playbook);
      });
    }
  });
}
