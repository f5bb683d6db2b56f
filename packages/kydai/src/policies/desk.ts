import {
  type AccessRequest,
  type CedarUid,
  type Clock,
  type EventStore,
  KydaiError,
  type RecordStore,
} from '@kydai/contracts';
import {
  type BlastRadius,
  type Engine,
  type EntityStore,
  type Explanation,
  explain,
  loadPolicySet,
  PolicyError,
  type PolicySet,
  type PolicyTestReport,
  type ReplayReport,
  replay,
  runPolicyTests,
} from '@kydai/policy';
import type { TextFile } from '../boot/content.ts';
import type { ChangeLog } from '../notify/changes.ts';
import { asJson, placed } from './candidate.ts';
import { decisionDataset, type KeptDecision } from './decision-events.ts';
import type { DeclaredEntities } from './declared.ts';
import type { PolicySource, ReadPolicies } from './source.ts';
import { type WhatIf, whatIf } from './what-if.ts';

/** The set in force, and how it came to be. */
export interface InForce {
  readonly digest: string;
  readonly policies: number;
  /** Cases that held before it came into force. */
  readonly cases: number;
  /** Of the bundle, where it came as one. */
  readonly version?: number;
  readonly since: number;
}

/** The last set that was refused, and where it is wrong. */
export interface RefusedSet {
  readonly at: number;
  readonly by: string;
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

export interface PolicyDesk {
  readonly engine: Engine;
  readonly inForce: InForce;
  /** What the set in force was read from; with what its cases showed, unless it came as a bundle. */
  readonly read: Pick<ReadPolicies, 'files' | 'report'>;
  /** Since this start. */
  readonly refused: RefusedSet | undefined;
  /**
   * Reads, parses, validates and tries the policies anew, and puts them in force between two decisions.
   *
   * INVARIANT: whatever is wrong with them, the running set stays.
   * @throws PolicyError with file, line and column; ShellError `invalid` for a case that fails.
   */
  reload(by: string): Promise<InForce & { readonly before: string }>;
  explain(request: AccessRequest): Explanation;
  /** Decides kept decisions again with other policies: who would gain, who would lose. */
  replay(
    candidate: { readonly schema: TextFile; readonly policies: readonly TextFile[] },
    span: { readonly from: number; readonly most: number },
  ): Promise<ReplayReport & { readonly tests: PolicyTestReport }>;
  /** Which grants a device would lose by its quarantine, or with its last certificate. @throws ShellError `not-found` */
  blast(deviceId: string, loss?: 'quarantined' | 'uncertified'): BlastRadius;
  /** Which grants would flip if something happened to an entity. @throws ShellError `not-found` */
  whatIf(entity: CedarUid, happening: WhatIf): BlastRadius;
}

export function openPolicyDesk(parts: {
  readonly engine: Engine;
  readonly entities: EntityStore;
  readonly declared: DeclaredEntities;
  /** Puts the time of now into a request. */
  readonly complete: (request: AccessRequest) => AccessRequest;
  readonly source: PolicySource;
  readonly first: Omit<InForce, 'since'> & Pick<ReadPolicies, 'files' | 'report'>;
  readonly records: RecordStore;
  readonly events: EventStore;
  readonly changes: ChangeLog;
  readonly clock: Clock;
}): PolicyDesk {
  const { engine, entities, declared, complete, source, records, events, changes, clock } = parts;
  const { files, report, ...first } = parts.first;
  let inForce: InForce = { ...first, since: clock.now() };
  let read: PolicyDesk['read'] = { files, ...(report && { report }) };
  let refused: RefusedSet | undefined;
  const audit = (by: string, action: string, detail: Record<string, string | number | null>) =>
    records.commit([], [{ at: clock.now(), actor: by, action, target: 'service:policies', detail }]);

  const refusing = async <T>(by: string, act: () => T | Promise<T>): Promise<T> => {
    try {
      return await act();
    } catch (error) {
      if (error instanceof KydaiError) {
        const why = error instanceof PolicyError ? placed(error) : error.message;
        refused = { at: clock.now(), by, message: error.message, ...placeOf(error) };
        await audit(by, 'policy.refuse', {
          reason: why.slice(0, 1000),
          inForce: engine.policySet.digest,
        });
      }
      throw error;
    }
  };

  /** Takes schema and declared entities over, or leaves both as they were. */
  const takeEntities = (schema: PolicySet['schema'], files: DeclaredEntities['files']) => {
    const before = engine.policySet.schema;
    entities.useSchema(schema);
    try {
      declared.useFiles(files);
    } catch (error) {
      entities.useSchema(before);
      throw error;
    }
  };

  /** One reload after the other: the later one reads what is there by then. */
  let last: Promise<unknown> = Promise.resolve();

  async function reload(by: string): Promise<InForce & { before: string }> {
    const before = engine.policySet.digest;
    const { policySet, cases, version, entities: files, ...from } = await refusing(by, source);
    // Tried and taken back first, since what is not audited must not come into force.
    await refusing(by, () => {
      const [schema, old] = [engine.policySet.schema, declared.files];
      takeEntities(policySet.schema, files);
      takeEntities(schema, old);
    });
    const versioned = version === undefined ? {} : { version };
    await audit(by, 'policy.reload', { before, after: policySet.digest, cases, version: version ?? null });
    takeEntities(policySet.schema, files);
    engine.replace(policySet);
    const { digest, policies } = policySet;
    inForce = { digest, policies: policies.length, cases, ...versioned, since: clock.now() };
    read = from;
    if (digest !== before) changes.publish({ type: 'policy-set-changed', policySet: digest, by });
    return { ...inForce, before };
  }

  return {
    engine,
    get inForce() {
      return inForce;
    },
    get read() {
      return read;
    },
    get refused() {
      return refused;
    },
    reload(by) {
      const next = last.then(() => reload(by));
      last = next.catch(() => {});
      return next;
    },
    explain: (request) => explain(engine, entities, complete(request)),
    async replay(candidate, { from, most }) {
      const { links } = read.files;
      const policySet = loadPolicySet({ ...candidate, ...(links && { links }) });
      const tests = runPolicyTests(policySet, read.files.policyTests.map(asJson));
      const recorded = await keptDecisions(events, from, most);
      return { ...replay({ recorded, candidate: policySet, current: engine.policySet, entities }), tests };
    },
    blast(deviceId, loss = 'quarantined') {
      const set = loss === 'quarantined' ? { quarantined: true } : { certified: false };
      return whatIf(parts, { type: 'Device', id: deviceId }, { set });
    },
    whatIf: (uid, happening) => whatIf(parts, uid, happening),
  };
}

function placeOf(error: unknown): Partial<Pick<RefusedSet, 'file' | 'line' | 'column'>> {
  if (!(error instanceof PolicyError)) return {};
  const { file, line, column } = error;
  return {
    ...(file !== undefined && { file }),
    ...(line !== undefined && { line }),
    ...(column !== undefined && { column }),
  };
}

/** Kept decisions since a time, newest first; what cannot be read any more is left out. */
async function keptDecisions(events: EventStore, from: number, most: number): Promise<KeptDecision[]> {
  const kept: KeptDecision[] = [];
  let cursor: string | undefined;
  do {
    const page = await events.search({
      from,
      filter: { op: 'equals', field: 'dataset', value: decisionDataset },
      limit: Math.min(10_000, most - kept.length),
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const { raw } of page.events) {
      const parsed = keptDecision(raw);
      if (parsed !== undefined) kept.push(parsed);
    }
    cursor = page.next;
  } while (cursor !== undefined && kept.length < most);
  return kept;
}

function keptDecision(raw: string): KeptDecision | undefined {
  try {
    const parsed = JSON.parse(raw) as Partial<KeptDecision>;
    return parsed.request === undefined || parsed.decision === undefined
      ? undefined
      : (parsed as KeptDecision);
  } catch {
    return undefined;
  }
}
