import {
  type AuditEntry,
  type Containment,
  type ContainmentProof,
  type Decision,
  type Detection,
  type EntityRef,
  type Signal,
  type Signals,
  uuidv7,
} from '@kydai/contracts';
import { MemoryRecords } from '@kydai/contracts/testing';
import type { Playbook } from '../playbook/load.ts';
import { createExecutor } from '../run/executor.ts';
import type { Executor, ExecutorOptions } from '../run/ports.ts';
import { createTriage, type Triage } from '../triage/triage.ts';

/** A clock that moves only when told. */
export class ManualClock {
  time: number;
  constructor(time = Date.UTC(2026, 10, 21, 8)) {
    this.time = time;
  }
  now(): number {
    return this.time;
  }
}

export class PlainSignals implements Signals {
  readonly seen: Signal[] = [];
  readonly #listeners = new Set<(signal: Signal) => void>();
  publish(signal: Signal): void {
    this.seen.push(signal);
    for (const listener of this.#listeners) listener(signal);
  }
  subscribe(listener: (signal: Signal) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

/** A detection with everything that a test does not care about filled in. */
export function detectionOf(fields: Partial<Detection> & { readonly at?: number } = {}): Detection {
  const { at = Date.UTC(2026, 10, 21, 8), ...given } = fields;
  return {
    id: uuidv7(at),
    rule: { id: 'rule-1', title: 'One key from two sites' },
    level: 'high',
    time: at,
    firstEventTime: at - 5000,
    detected: at + 200,
    eventIds: ['event-1'],
    eventCount: 1,
    entities: [{ type: 'device', id: 'cam-001' }],
    techniques: [],
    tags: ['kydai.stolen-certificate'],
    drill: false,
    ...given,
  };
}

const verdict = (allowed: boolean, reason: string, reasonEn?: string): Decision => ({
  allowed,
  outcome: allowed ? 'permitted' : 'forbidden',
  determining: [
    {
      id: allowed ? 'contain-at-once' : 'needs-a-person',
      effect: allowed ? 'permit' : 'forbid',
      reason,
      ...(reasonEn === undefined ? {} : { reasonEn }),
    },
  ],
  failures: [],
  policySet: '000000000000',
});

/** All that csirt needs around it: records in memory, a manual clock, containment that says what was asked of it. */
export class World {
  readonly clock = new ManualClock();
  readonly signals = new PlainSignals();
  readonly records: MemoryRecords;
  readonly playbooks: readonly Playbook[];
  readonly asked: Containment[] = [];
  /** Answers `contain-unattended`. */
  unattended: (request: Parameters<ExecutorOptions['decide']>[0]) => boolean = () => true;
  effect: (containment: Containment) => ContainmentProof | Promise<ContainmentProof> = (containment) =>
    this.proof(containment);
  operationalTechnology: (target: EntityRef) => boolean = () => false;

  constructor(playbooks: readonly Playbook[], records = new MemoryRecords()) {
    this.playbooks = playbooks;
    this.records = records;
  }

  proof(containment: Containment, effective = true): ContainmentProof {
    return {
      containmentId: containment.id,
      effective,
      at: this.clock.now(),
      evidence: [`${containment.action} checked`],
    };
  }

  triage(): Triage {
    return createTriage({ ...this, records: this.records });
  }

  executor(options: Partial<ExecutorOptions> = {}): Executor {
    return createExecutor({
      records: this.records,
      clock: this.clock,
      signals: this.signals,
      playbooks: this.playbooks,
      decide: (request) =>
        verdict(
          this.unattended(request),
          'công nghệ vận hành: phải có người phê duyệt',
          'operational technology: a person must approve',
        ),
      contain: async (containment) => {
        this.asked.push(containment);
        return await this.effect(containment);
      },
      operationalTechnology: (target) => this.operationalTechnology(target),
      retry: { attempts: 3, firstMs: 1, longestMs: 2 },
      ...options,
    });
  }

  /** The effects asked for, each once, as `action type:id`. */
  get effects(): string[] {
    return [...new Set(this.asked.map(({ action, target }) => `${action} ${target.type}:${target.id}`))];
  }

  get audit(): readonly AuditEntry[] {
    return this.records.audit;
  }
}
