import { expect, it } from 'vitest';
import * as store from './index.ts';

it('exports what other packages may use, and nothing else', () => {
  expect(Object.keys(store).sort()).toEqual([
    'StoreError',
    'auditLeafHash',
    'compileFilter',
    'matchesFilter',
    'openElastic',
    'openLake',
    'openPostgresRecords',
    'openRecords',
    'openSpooledElastic',
    'parseQuery',
    'snapshotLake',
    'snapshotRecords',
    'verifyCheckpoint',
    'verifyConsistency',
    'verifyInclusion',
    'writeEventsParquet',
  ]);
});
