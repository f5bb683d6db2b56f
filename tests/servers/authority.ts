import { createInterface } from 'node:readline';
import { openAuthority, openKeyStore } from '@kydai/pki';
import { openRecords } from '@kydai/store';

/**
 * An authority as a process of its own: takes certification requests (base64 DER, one a line) and prints the certificate
 * of each, `<digest of the request> <serial> <DER>`, as soon as it is let out. Made to be killed.
 */
const [folder = '', publicKeyPem = '', privateKeyPem = ''] = process.argv.slice(2);
const clock = { now: () => Date.now() };
const auditKey = { publicKeyPem, privateKeyPem };
const { records } = await openRecords({ file: `${folder}/records.db`, clock, auditKey, commits: 'thread' });
const keys = await openKeyStore({
  folder: `${folder}/keys`,
  passphrase: 'for the test only',
  cost: { n: 1024, r: 8, p: 1 },
});
const authority = await openAuthority({
  ...{ records, keys, clock, organization: 'Test', publicUrl: 'http://pki.example' },
  decide: () => ({ allowed: true, outcome: 'permitted', determining: [], failures: [], policySet: '0' }),
});
process.stdout.write('ready\n');
const inFlight = new Set<Promise<unknown>>();
for await (const line of createInterface({ input: process.stdin })) {
  const [subject = '', csr = ''] = line.split(' ');
  const request = { csr: Buffer.from(csr, 'base64'), profile: 'device', subject, by: 'user:test' } as const;
  const answered = authority.issue(request).then(
    ({ serial, der }) => process.stdout.write(`${subject} ${serial} ${der}\n`),
    (error) => process.stdout.write(`${subject} error ${String(error)}\n`),
  );
  inFlight.add(answered);
  void answered.finally(() => inFlight.delete(answered));
  if (inFlight.size >= 64) await Promise.race(inFlight);
}
await Promise.all(inFlight);
await records.close();
