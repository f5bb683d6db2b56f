import { write } from '@kydai/contracts';
import { devices } from '@kydai/pki';
import { openChangeLog } from '../changes.ts';
import { openTransmitter } from '../ssf/transmitter.ts';
import { openTestRecords } from './records.ts';
import { camera, plainSigner, receiver } from './samples.ts';

/** The process that `kill.test.ts` lets die: quarantines a device, and is killed `before` or `after` its events are kept. */
const [file, moment] = process.argv.slice(2) as [string, 'before' | 'after'];
const records = await openTestRecords(file);
const quiet = { warn: () => {}, error: () => {} };
const clock = { now: Date.now };
const die = () => process.kill(process.pid, 'SIGKILL');
const transmitter = await openTransmitter({
  records,
  clock,
  log: quiet,
  signer: plainSigner,
  issuer: () => 'https://ioc.example',
});
await transmitter.create(receiver('a'));
const changes = await openChangeLog({
  records,
  clock,
  log: quiet,
  async commit(standing, writes) {
    if (moment === 'before') die();
    await transmitter.keep(standing, writes);
    die();
  },
});
await records.commit([write.put(devices, camera('cam', true))]);
changes.publish({ type: 'device-quarantined', device: 'cam' });
await changes.settled();
