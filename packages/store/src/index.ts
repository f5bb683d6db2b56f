export type { AuditKey } from './audit/key.ts';
export { auditLeafHash, verifyCheckpoint } from './audit/offline.ts';
export { verifyConsistency, verifyInclusion } from './audit/proof.ts';
export { type ElasticOptions, type ElasticStore, openElastic } from './elastic/open.ts';
export { StoreError, type StoreErrorCode } from './error.ts';
export { writeEventsParquet } from './export/parquet.ts';
export { compileFilter, matchesFilter } from './filter/match.ts';
export { parseQuery } from './filter/parse.ts';
export type { LakeLimits } from './lake/limits.ts';
export type { LegalHold } from './lake/manifest.ts';
export { type Lake, type LakeOptions, openLake } from './lake/open.ts';
export type { SqlAnswer, SqlOptions } from './lake/sandbox.ts';
export { holdPostgres, type PostgresHold } from './records/hold.ts';
export {
  openPostgresRecords,
  openRecords,
  type PostgresRecordsOptions,
  type Records,
  type RecordsOptions,
} from './records/open.ts';
export { snapshotLake } from './snapshot/lake.ts';
export {
  isEmptyPostgres,
  type PostgresPlace,
  restorePostgresRecords,
  snapshotPostgresRecords,
} from './snapshot/postgres.ts';
export { snapshotRecords } from './snapshot/records.ts';
export { openSpooledElastic, type SpooledOptions, type SpooledStore } from './spool/spooled.ts';
