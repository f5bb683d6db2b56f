export type { AuditKey } from './audit/key.ts';
export { verifyConsistency, verifyInclusion } from './audit/proof.ts';
export { StoreError, type StoreErrorCode } from './error.ts';
export { openRecords, type Records, type RecordsOptions } from './records/open.ts';
