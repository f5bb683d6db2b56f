import { setTimeout as delay } from 'node:timers/promises';
import type { Clock, Contain, Decide, Detection, Obligation, RecordStore, Signals } from '@kydai/contracts';
import {
  createExecutor,
  createTriage,
  type Evidence,
  type Executor,
  loadObligations,
  loadPlaybooks,
  type Playbook,
} from '@kydai/csirt';
import type { Logger } from 'pino';
import type { Content } from '../boot/content.ts';
import { ShellError } from '../error.ts';
import { namesForeignCertificate } from '../pki/foreign-certificate.ts';
import { type DrillDevices, judgeDrillMark } from './drill-marks.ts';

export interface Response {
  readonly playbooks: readonly Playbook[];
  readonly obligations: readonly Obligation[];
  readonly executor: Executor;
  /**
   * Takes a detection through triage and starts its playbook. Tries again until that has worked; rejects only when the
   * program stops before.
   */
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
  readonly isRegistered: (deviceId: string) => boolean;
  readonly isDrillDevice: DrillDevices;
  readonly unattendedPerHour: number;
  readonly approvedPerMinute: number;
  /** Whether what was heard suffices to cut a device off; undefined where it always does. */
  readonly corroborated: ((evidence: Evidence) => Promise<boolean>) | undefined;
  readonly log: Logger;
}): Response {
  const { content, records, clock, signals, log } = parts;
  const { playbooks, problems } = loadPlaybooks(content.playbooks);
  const { obligations, problems: more } = loadObligations(content.obligations);
  const first = [...problems, ...more][0];
  if (first) throw new ShellError('content', `${first.file}: ${first.path} ${first.message}`);

  const triage = createTriage({ records, clock, signals, playbooks });
  const { corroborated, ...others } = parts;
  const executor = createExecutor({
    ...others,
    ...(corroborated && { corroborated }),
    playbooks,
    doubtful: (entities) => namesForeignCertificate(records, entities),
    operationalTechnology: (target) => target.type === 'device' && parts.isOperationalTechnology(target.id),
    known: (target) => target.type !== 'device' || parts.isRegistered(target.id),
  });
  const reminder = setInterval(() => {
    executor.remind().catch((error: unknown) => log.error({ err: error }, 'reminding of approvals failed'));
  }, 60_000);
  reminder.unref();
  const underWay = new Set<Promise<void>>();
  const stopping = new AbortController();
  return {
    playbooks,
    obligations,
    executor,
    take(made) {
      const detection = judgeDrillMark(made, parts.isDrillDevice);
      const taken = triageAndStart(detection).finally(() => underWay.delete(taken));
      underWay.add(taken);
      return taken;
    },
    async close() {
      clearInterval(reminder);
      stopping.abort();
      await Promise.allSettled(underWay);
      await executor.close();
    },
  };

  async function triageAndStart(detection: Detection): Promise<void> {
    for (let pause = 250; ; pause = Math.min(pause * 2, 30_000)) {
      try {
        const { incident, start } = await triage.ingest(detection);
        if (incident === undefined) return;
        if (start !== undefined) await executor.start(start, incident, detection);
        else await executor.reconsider(incident.id);
        return;
      } catch (error) {
        log.error(
          { err: error, detection: detection.id, rule: detection.rule.id },
          'triage failed; it is tried again',
        );
        await delay(pause, undefined, { signal: stopping.signal });
      }
    }
  }
}
