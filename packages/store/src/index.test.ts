import { expect, it } from 'vitest';
import * as store from './index.ts';

it('exports what other packages may use, and nothing else', () => {
  expect(Object.keys(store).sort()).toEqual([
    'StoreError',
    'auditLeafHash',
    'compileFilter',
    'holdPostgres',
    'isEmptyPostgres',
    'matchesFilter',
    'openElastic',
    'openLake',
    'openPostgresRecords',
    'openRecords',
    'openSpooledElastic',
    'parseQuery',
    'restorePostgresRecords',
    'snapshotLake',
    'snapshotPostgresRecords',
    'snapshotRecords',
    'verifyCheckpoint',
    'verifyConsistency',
    'verifyInclusion',
    'writeEventsParquet',
  ]);
});
