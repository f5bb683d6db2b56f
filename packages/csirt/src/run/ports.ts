import type {
  Clock,
  Contain,
  Decide,
  Detection,
  EntityRef,
  Incident,
  PlaybookRun,
  RecordStore,
  Signals,
  WaitingApproval,
} from '@kydai/contracts';
import type { Sleep } from '../contain/perform.ts';
import type { Playbook } from '../playbook/load.ts';

export interface ExecutorOptions {
  readonly records: RecordStore;
  readonly clock: Clock;
  readonly signals: Signals;
  /** Asked `contain-unattended` before each containment. */
  readonly decide: Decide;
  readonly contain: Contain;
  readonly playbooks: readonly Playbook[];
  /** The asset register's word on a target; a playbook's own mark counts as well. False for all unless told. */
  readonly operationalTechnology?: (target: EntityRef) => boolean;
  /**
   * Whether the target exists for us: a containment step leaves out those that don't, without asking anyone. True for
   * all unless told.
   */
  readonly known?: (target: EntityRef) => boolean;
  /**
   * Whether a detection's entities contradict what is recorded, such as a certificate that no device of it ever held.
   * Then a person decides before a device is cut off. False for all unless told.
   */
  readonly doubtful?: (entities: readonly EntityRef[]) => Promise<boolean>;
  /** Attempts of one containment, and the wait before the second, doubled each time up to the longest. */
  readonly retry?: { readonly attempts: number; readonly firstMs: number; readonly longestMs: number };
  /**
   * Whether what speaks against an incident's devices comes from somebody who is to be believed alone, or from two
   * sources that are independent of each other. Where it does not, a person decides before a device is cut off, or the
   * second source does. True for all unless told.
   */
  readonly corroborated?: (evidence: Evidence) => Promise<boolean>;
  /**
   * An approval that no one answers is said again in the incident's story each `remindAfter` milliseconds (15 minutes
   * unless told), and from `escalateAfter` on (one hour unless told) as one for the next level, with an audit entry.
   */
  readonly remindAfter?: number;
  readonly escalateAfter?: number;
  /** How many containments may run without a person within an hour; beyond it each waits for one. 1,000 unless told. */
  readonly unattendedPerHour?: number;
  /** How many steps of one answer to many may begin within a minute. 60 unless told. */
  readonly approvedPerMinute?: number;
  readonly sleep?: Sleep;
}

/** What a run rests on. */
export interface Evidence {
  readonly incident: Incident;
  /** The detection that began the run, and whom it names. */
  readonly detectionId: string;
  readonly entities: readonly EntityRef[];
}

export interface Approval {
  readonly runId: string;
  /** The step's id as the run shows it. */
  readonly stepId: string;
  readonly approved: boolean;
  readonly comment: string;
  /** `user:<id>`. */
  readonly by: string;
}

/** A waiting step, by its run. */
export interface Member {
  readonly runId: string;
  readonly stepId: string;
}

/** One answer to many waiting steps: to exactly those that the person saw and named. */
export interface Decision extends Omit<Approval, 'runId' | 'stepId'> {
  readonly members: readonly Member[];
}

/** How far an answer to many steps has come. */
export interface DecisionProgress {
  readonly id: string;
  readonly by: string;
  readonly approved: boolean;
  readonly at: number;
  readonly total: number;
  readonly answered: number;
  /** Answered by somebody else before, or over. */
  readonly gone: number;
  readonly failed: number;
  /** Who stopped it before its end. */
  readonly stopped?: string;
  readonly ended?: number;
}

export interface Executor {
  /**
   * Begins a playbook for an incident and resolves once the beginning is durable; the steps go on by themselves. The
   * same playbook for the same detection of the same incident runs once: asked again, it answers with that run.
   */
  start(playbookId: string, incident: Incident, detection: Detection): Promise<PlaybookRun>;
  /** After a restart: goes on with every run that has not ended, and begins what triage had asked for. */
  resume(): Promise<number>;
  /** A person's answer to a waiting step. Throws `run-unknown` or `step-not-waiting`. */
  approve(approval: Approval): Promise<PlaybookRun>;
  /**
   * A person's answer to many waiting steps. Approved ones begin at a bounded pace, which `stopDecision` ends; refused
   * ones end at once. Resolves as soon as it is in the audit log.
   */
  decideTogether(decision: Decision): Promise<DecisionProgress>;
  /** Answers to many steps since this start, newest first. */
  decisions(): readonly DecisionProgress[];
  /** What was not reached waits on. Throws `decision-unknown`. */
  stopDecision(id: string, by: string): Promise<DecisionProgress>;
  /** Another detection joined the incident: what waits for a second source goes on if this is one. */
  reconsider(incidentId: string): Promise<void>;
  /** The steps that wait for a person, oldest first. */
  waiting(): Promise<WaitingApproval[]>;
  /**
   * To be called every minute or so: says again, in the incident's story, which approvals no one has answered for long,
   * and begins what triage asked for and a failure kept from beginning. Resolves to how many it took care of.
   */
  remind(): Promise<number>;
  /** Resolves when nothing is under way: every run has ended or waits for a person. */
  settled(): Promise<void>;
  /** Begins nothing new, lets go of containments that have not answered, and resolves when all is written. */
  close(): Promise<void>;
}
