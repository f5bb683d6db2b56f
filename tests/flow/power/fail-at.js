// Loaded into a device with `--import`: cuts the power before the n-th step that it takes on its disk or network. With
// FAIL_AT=0 nothing fails, and the number of steps is told at the end.
import fs from 'node:fs/promises';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';

const at = Number(process.env.FAIL_AT);
let steps = 0;
const step = () => {
  if (++steps === at) process.kill(process.pid, 'SIGKILL');
};
const before = (holder, name) => {
  const act = holder[name];
  holder[name] = function (...args) {
    step();
    return act.apply(this, args);
  };
};

for (const name of ['mkdir', 'rename', 'rm', 'open']) before(fs, name);
before(https, 'request');
const probe = await fs.open(process.execPath, 'r');
const handle = Object.getPrototypeOf(probe);
await probe.close();
for (const name of ['writeFile', 'sync', 'close']) before(handle, name);
const { request } = https;
https.request = (...args) => {
  const [url, options, answered] = args;
  // The answer is there, and nobody has seen it yet.
  return request(url, options, (response) => {
    step();
    answered(response);
  });
};
syncBuiltinESMExports();
steps = 0;
process.on('exit', () => process.stdout.write(`\nsteps ${steps}\n`));
