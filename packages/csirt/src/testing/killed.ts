import { appendFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { unattendedBegun } from '../contain/breaker.ts';
import { detections, incidents, runs, startRequests } from '../incident/kinds.ts';
import { runStates } from '../run/state.ts';
import { runPlaybooks } from '../run/texts.ts';
import { triageGroups } from '../triage/group.ts';
import { incidentCounters } from '../triage/number.ts';
import { FileRecords } from './file-records.ts';
import { ownPlaybooks } from './runbooks.ts';
import { detectionOf, World } from './world.ts';

/**
 * The process that `kill.test.ts` kills: resumes what there is, or takes the first detection; writes each effect to a
 * file at the moment at which it happens; prints `done` when the incident is contained.
 */
const [folder, drillSeed] = process.argv.slice(2) as [string, string];
const kinds = [
  detections,
  incidents,
  runs,
  startRequests,
  runStates,
  runPlaybooks,
  triageGroups,
  incidentCounters,
  unattendedBegun,
];
const records = await FileRecords.open(`${folder}/records.jsonl`, kinds);
const world = new World(ownPlaybooks(), records);
world.clock.now = () => Date.now();
world.effect = async (containment) => {
  await delay(2);
  appendFileSync(`${folder}/effects.txt`, `${containment.id} ${containment.action}\n`);
  await delay(2);
  return world.proof(containment);
};
const executor = world.executor();
await executor.resume();
if ((await records.count(incidents)) === 0) {
  const detection = { ...detectionOf(), id: `detection-${drillSeed}` };
  const { incident, start } = await world.triage().ingest(detection);
  await executor.start(start!, incident!, detection);
}
await executor.settled();
console.log('done');
