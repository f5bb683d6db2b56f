import type {
  AuditLog,
  Clock,
  Contain,
  Decide,
  EventStore,
  Obligation,
  Overview,
  RecordStore,
  Signals,
} from '@kydai/contracts';
import type { Executor } from '@kydai/csirt';
import type { Authority } from '@kydai/pki';
import type { EntityStore } from '@kydai/policy';
import type { Intake, SourceWatch } from '@kydai/siem';
import type { Logger } from 'pino';
import type { Config } from '../config/schema.ts';
import type { Enforcement } from '../enforce/open.ts';
import type { ChangeLog } from '../notify/changes.ts';
import type { Transmitter } from '../notify/ssf/transmitter.ts';
import type { BundleDesk } from '../policies/bundle-desk.ts';
import type { BundleSource } from '../policies/bundle-source.ts';
import type { DeclaredEntities } from '../policies/declared.ts';
import type { PolicyDesk } from '../policies/desk.ts';
import type { ReportedFacts } from '../policies/reported-facts.ts';
import type { RuleDesk } from '../rules/desk.ts';
import type { SbomRegister } from '../sbom/register.ts';
import type { ApiTokens } from '../sign-in/api-tokens.ts';
import type { Callers } from '../sign-in/caller.ts';
import type { SignInLinks } from '../sign-in/links.ts';
import type { Sessions } from '../sign-in/sessions.ts';
import type { EventKeeper } from '../store/keeper.ts';
import type { Migration } from '../store/migrate.ts';
import type { Addresses } from './addresses.ts';
import type { BlockList } from './block-list.ts';
import type { DecisionLog } from './decision-log.ts';

/** The parts of a running program, as the HTTP interfaces reach them. */
export interface Kydai {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signals: Signals;
  readonly records: RecordStore;
  readonly audit: AuditLog;
  /** The key that signs the checkpoints of the audit log, PEM. */
  readonly auditKeyPem: string;
  readonly events: EventStore;
  /** What the event store can do besides. */
  readonly eventKeeper: EventKeeper;
  readonly migration: Migration;
  readonly intake: Intake;
  /** What is usual of each source. */
  readonly watch: SourceWatch;
  readonly executor: Executor;
  /** The rules in force: what they cover, how often they fired, and hunts with them. */
  readonly rules: RuleDesk;
  readonly authority: Authority;
  readonly obligations: readonly Obligation[];
  readonly decide: Decide;
  readonly decisionLog: DecisionLog;
  /** The policies in force, and changing them. */
  readonly policies: PolicyDesk;
  /** Signs policies for edge sites. */
  readonly bundles: BundleDesk;
  /** At an edge site: where its policies come from. */
  readonly bundleSource: BundleSource | undefined;
  /** What the policies know. */
  readonly entities: EntityStore;
  /** What was reported of entities, with source and time. */
  readonly reported: ReportedFacts;
  /** What the city declares: agencies, officers, services, streams, actuators, data. */
  readonly declared: DeclaredEntities;
  /** What flips decisions, as it happens. */
  readonly changes: ChangeLog;
  /** Tells receivers of the Shared Signals Framework. */
  readonly transmitter: Transmitter;
  /** Answers nginx and Envoy, which ask for services behind them. */
  readonly enforcement: Enforcement;
  readonly contain: Contain;
  readonly blockList: BlockList;
  readonly sboms: SbomRegister;
  readonly sessions: Sessions;
  readonly links: SignInLinks;
  readonly apiTokens: ApiTokens;
  readonly callers: Callers;
  /** Answers the AuthZEN interface. */
  readonly authZen: (request: Request) => Promise<Response>;
  readonly metrics: () => Promise<{ text: string; type: string }>;
  readonly pipelineLatency: () => Overview['pipelineLatency'];
  /** Whether the console is served over TLS. */
  readonly tls: boolean;
  readonly addresses: () => Addresses;
  /** Names under which the console may be asked for. */
  readonly hostNames: () => ReadonlySet<string>;
}
