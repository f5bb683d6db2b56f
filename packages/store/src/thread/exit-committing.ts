import { generateKeyPairSync } from 'node:crypto';
import { openRecords } from '../records/open.ts';

/** A process that ends by `process.exit` once the first of 3,000 commits are on their way to the thread. */
const file = process.argv[2] ?? '';
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const auditKey = {
  privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
};
const { records } = await openRecords({ file, clock: { now: Date.now }, auditKey, commits: 'thread' });
const note = { at: 0, actor: 'user:linh', action: 'lamp.change', target: 'lamp:a', detail: {} };
for (let n = 0; n < 3000; n++) void records.commit([], [note]);
setImmediate(() => process.exit(7));
