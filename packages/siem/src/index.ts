export { createElasticBulkHandler, type ElasticBulkOptions } from './collect/elastic.ts';
export {
  createIntake,
  type FrameKind,
  type Intake,
  type IntakeOptions,
  type IntakeTotals,
  type ReadFrame,
} from './collect/intake.ts';
export {
  type CollectorHandler,
  createJsonLinesHandler,
  type JsonLinesAnswer,
  type JsonLinesOptions,
  type Peer,
} from './collect/json-lines.ts';
export type { HttpLimits, IntakeLimits, SyslogLimits } from './collect/limits.ts';
export { readTopicMessage, type TopicMessage } from './collect/message.ts';
export { createOtlpLogsHandler, type OtlpLogsOptions } from './collect/otlp.ts';
export type { FrameOutcome } from './collect/queue.ts';
export { type KeptFrame, lineOf, Resent } from './collect/resent.ts';
export {
  createSyslogCollector,
  type JudgeSender,
  type SenderVerdict,
  type SyslogAddresses,
  type SyslogCollector,
  type SyslogCollectorOptions,
  type SyslogTls,
} from './collect/syslog.ts';
export type { StatePiece } from './detect/checkpoint.ts';
export {
  createDetector,
  type Detector,
  type DetectorOptions,
  type DetectorStats,
} from './detect/detector.ts';
export { explainRule, findRule, type RuleExplanation } from './detect/explain.ts';
export { type HuntOptions, type HuntProgress, hunt } from './detect/hunt.ts';
export { datasetFilter, huntFilter } from './detect/hunt-filter.ts';
export { canFire, missingFields } from './detect/reach.ts';
export { type RuleTestReport, type RuleTestResult, runRuleTests } from './detect/rule-tests.ts';
export type { RuleLimits, ThrottleLimits } from './detect/throttle.ts';
export { SourceAccount, type Transport } from './ledger/account.ts';
export { SourceRhythm } from './ledger/rhythm.ts';
export { createLedgerStatements, type LedgerStatements, type Stated } from './ledger/statement.ts';
export {
  createSourceWatch,
  keepSourceAlerts,
  type SourceAlert,
  type SourceRate,
  type SourceWatch,
  type WatchSettings,
} from './ledger/watch.ts';
export { FileHeader } from './normalise/columns/file-header.ts';
export type { KeptHeader } from './normalise/columns/file-headers.ts';
export { NormaliseError, type NormaliseErrorCode } from './normalise/error.ts';
export {
  createNormaliser,
  type Normalised,
  type Normaliser,
  type NormaliserOptions,
} from './normalise/normalise.ts';
export { compileParser, ParserDefinition } from './normalise/parser-pack.ts';
export { type AttackColumn, type AttackCoverage, attackCoverage, attackMatrix } from './rules/coverage.ts';
export { type LoadedRules, type LoadOptions, loadingRules, loadRules, type RuleFile } from './rules/load.ts';
export { type MappingProblem, readMappings } from './rules/mapping-file.ts';
export type { FieldMap } from './rules/pipeline.ts';
export type { RuleProblem, RuleProblemCode } from './rules/problem.ts';
export type { CorrelationRule, EntityField, LogSource, RuleSet, SigmaRule } from './rules/rule.ts';
