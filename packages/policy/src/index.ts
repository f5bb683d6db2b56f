export {
  type AuthZenOptions,
  createAuthZenHandler,
  type DecisionMade,
  type FetchHandler,
} from './authzen/handler.ts';
export type { AuthZenMapping } from './authzen/mapping.ts';
export { type BundleContent, type OpenedBundle, openBundle, signBundle } from './bundle/bundle.ts';
export { type BundleKey, bundleKey, readBundleKeys } from './bundle/keys.ts';
export { readLinks } from './bundle/links.ts';
export { type BlastRadius, type BlastRadiusOptions, blastRadius, type Grant } from './change/blast-radius.ts';
export {
  type ConditionCoverage,
  type PolicyCoverage,
  type PolicyTestReport,
  type PolicyTestResult,
  runPolicyTests,
} from './change/policy-tests.ts';
export {
  type RecordedDecision,
  type ReplayDifference,
  type ReplayOptions,
  type ReplayReport,
  replay,
} from './change/replay.ts';
export { type Comparison, compareWithReference, type Difference } from './differential/compare.ts';
export type { ExpiredFact } from './entities/expiry.ts';
export { isFactType, lasting, withBareFacts } from './entities/fact.ts';
export { EntityText, fileOf, readEntities } from './entities/read.ts';
export { EntityStore } from './entities/store.ts';
export { PolicyError, type PolicyErrorCode, type SourcePlace } from './error.ts';
export { createEngine, type Engine, type EngineOptions, type UidRequest } from './evaluate/engine.ts';
export { type Moment, momentAt, withMoment } from './evaluate/moment.ts';
export {
  type Change,
  type ExplainedCondition,
  type ExplainedPolicy,
  type Explanation,
  explain,
  redacted,
} from './explain/explain.ts';
export type { Fact } from './explain/facts.ts';
export {
  createSearch,
  type EntitySearch,
  type Search,
  type SearchPage,
  type SearchResult,
} from './search/search.ts';
export {
  loadPolicySet,
  type PolicySet,
  type PolicySetInput,
  type SourceFile,
  type TemplateLink,
} from './validate/policy-set.ts';
