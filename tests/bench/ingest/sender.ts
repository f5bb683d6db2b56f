import { Worker } from 'node:worker_threads';

/** The n-th line of a mix of sshd, nginx, cameras and daemons. Part of the sender's program too, so it is plain JavaScript. */
export function lineOf(n: number): string {
  const ip = `203.0.${(n * 7) % 113}.${(n * 13) % 251}`;
  switch (n % 4) {
    case 0:
      return `<38>Nov 21 20:26:00 vm-${n % 50} sshd[${1000 + n}]: Failed password for invalid user u${n} from ${ip} port ${1024 + n} ssh2`;
    case 1:
      return `<190>Nov 21 20:26:00 web-${n % 9} nginx: ${ip} - - [21/Nov/2026:20:26:00 +0700] "GET /api/v1/item/${n}?page=${n % 30} HTTP/1.1" ${n % 11 ? 200 : 404} ${n * 3} "-" "Mozilla/5.0 (X11; Linux x86_64) Gecko/2010"`;
    case 2:
      return `<134>Nov 21 20:26:00 cam-${n % 900} camera: action=stream_open user=op${n % 40} src=${ip} sport=${1024 + n} outcome=ok`;
    default:
      return `<30>Nov 21 20:26:00 vm-${n % 50} dhclient[${n}]: bound to ${ip} -- renewal in ${n} seconds.`;
  }
}

/** Sends the lines over one connection; with `rate` 0 as fast as the socket takes them. */
const sender = `
const { connect } = require('node:net');
const { workerData, parentPort } = require('node:worker_threads');
const { port, seconds, rate } = workerData;
${lineOf}
const bodies = Array.from({ length: 20000 }, (_, n) => lineOf(n));
const socket = connect(port, '127.0.0.1', () => {
  const end = performance.now() + seconds * 1000;
  let at = 0;
  let sent = 0;
  const started = performance.now();
  const chunk = (count) => {
    const lines = [];
    const stamp = ' t=' + (performance.timeOrigin + performance.now()).toFixed(2);
    for (let i = 0; i < count; i++) lines.push(bodies[at++ % bodies.length] + stamp + '\\n');
    sent += count;
    return lines.join('');
  };
  const finish = () => socket.end(() => parentPort.postMessage(sent));
  if (rate === 0) {
    const text = Buffer.from(chunk(2000));
    sent = 0;
    const more = () => {
      for (;;) {
        if (performance.now() > end) return finish();
        sent += 2000;
        if (!socket.write(text)) return void socket.once('drain', more);
      }
    };
    more();
  } else {
    const tick = () => {
      if (performance.now() > end) return finish();
      const due = Math.floor((performance.now() - started) * rate / 1000) - sent;
      if (due > 0) socket.write(chunk(due));
      setTimeout(tick, 2);
    };
    tick();
  }
});
`;

export interface Load {
  readonly seconds: number;
  /** Lines a second; 0 for as many as possible. */
  readonly rate: number;
}

/** Resolves to how many lines were sent. */
export function send(port: number, load: Load): Promise<number> {
  const worker = new Worker(sender, { eval: true, workerData: { port, ...load } });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}
