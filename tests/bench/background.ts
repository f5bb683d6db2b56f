import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * A load of ordinary lines over syslog TCP, run as a process of its own: `node background.ts HOST PORT RATE`. Ends when
 * its parent does. Tells its parent once a second how many lines it has sent, in how many seconds.
 */
const [host = '127.0.0.1', port = '0', rate = '2000'] = process.argv.slice(2);
const programs = [
  (n: number) =>
    `<38>1 ${now()} web-${n % 7} sshd ${1000 + (n % 900)} - - Accepted publickey for deploy from 10.0.${n % 250}.${n % 199} port ${20000 + (n % 30000)} ssh2`,
  (n: number) =>
    `<134>1 ${now()} edge-${n % 3} nginx - - - 10.1.${n % 250}.${n % 251} - - [21/Nov/2026:20:00:00 +0700] "GET /tin-tuc/${n % 500} HTTP/1.1" 200 ${1000 + (n % 9000)} "-" "Mozilla/5.0"`,
  (n: number) =>
    `<134>1 ${now()} cam-${n % 400} camera - - - action=stream_open src=10.2.0.${n % 250} user=nvr outcome=success`,
  (n: number) =>
    `<134>1 ${now()} gw-${n % 5} flow - - - device=cam-${n % 400} src=10.2.1.${n % 250} dst=10.9.0.4 dport=443 proto=tcp bytes=${n % 5000}`,
];
const now = () => new Date().toISOString();

const socket = connect({ host, port: Number(port) });
process.once('disconnect', () => process.exit(0));
const perTick = Math.ceil(Number(rate) / 50);
let sent = 0;
const began = Date.now();
let told = began;
for (let tick = Date.now(); ; tick += 20) {
  let text = '';
  for (let index = 0; index < perTick; index++, sent++)
    text += `${programs[sent % programs.length]!(sent)}\n`;
  if (!socket.write(text)) await new Promise((resolve) => socket.once('drain', resolve));
  if (Date.now() - told >= 1000) {
    process.send?.({ sent, seconds: (Date.now() - began) / 1000 });
    told += 1000;
  }
  await delay(Math.max(0, tick + 20 - Date.now()));
}
