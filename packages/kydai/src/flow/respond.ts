import type { Clock, Contain, Decide, Detection, Obligation, RecordStore, Signals } from '@kydai/contracts';
import {
  createExecutor,
  createTriage,
  type Executor,
  loadObligations,
  loadPlaybooks,
  type Playbook,
} from '@kydai/csirt';
import type { Logger } from 'pino';
import type { Content } from '../boot/content.ts';
import { ShellError } from '../error.ts';

export interface Response {
  readonly playbooks: readonly Playbook[];
  readonly obligations: readonly Obligation[];
  readonly executor: Executor;
  /** Takes a detection through triage and starts its playbook. Failures are logged; the next start goes on with it. */
  take(detection: Detection): Promise<void>;
  close(): Promise<void>;
}

/** Triage, playbooks, approvals and deadlines. @throws ShellError `content` where a playbook or obligation is broken. */
export function openResponse(parts: {
  readonly content: Content;
  readonly records: RecordStore;
  readonly clock: Clock;
  readonly signals: Signals;
  readonly decide: Decide;
  readonly contain: Contain;
  readonly isOperationalTechnology: (deviceId: string) => boolean;
  readonly log: Logger;
}): Response {
  const { content, records, clock, signals, log } = parts;
  const { playbooks, problems } = loadPlaybooks(content.playbooks);
  const { obligations, problems: more } = loadObligations(content.obligations);
  const first = [...problems, ...more][0];
  if (first) throw new ShellError('content', `${first.file}: ${first.path} ${first.message}`);

  const triage = createTriage({ records, clock, signals, playbooks });
  const executor = createExecutor({
    ...parts,
    playbooks,
    operationalTechnology: (target) => target.type === 'device' && parts.isOperationalTechnology(target.id),
  });
  const reminder = setInterval(() => {
    executor.remind().catch((error: unknown) => log.error({ err: error }, 'reminding of approvals failed'));
  }, 60_000);
  reminder.unref();
  const underWay = new Set<Promise<void>>();
  return {
    playbooks,
    obligations,
    executor,
    take(detection) {
      const taken = triageAndStart(detection).finally(() => underWay.delete(taken));
      underWay.add(taken);
      return taken;
    },
    async close() {
      clearInterval(reminder);
      await Promise.all(underWay);
      await executor.close();
    },
  };

  async function triageAndStart(detection: Detection): Promise<void> {
    try {
      const { incident, start } = await triage.ingest(detection);
      if (incident !== undefined && start !== undefined) await executor.start(start, incident, detection);
    } catch (error) {
      log.error({ err: error, detection: detection.id, rule: detection.rule.id }, 'triage failed');
    }
  }
}
