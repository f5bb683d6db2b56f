import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually, type Program, startProgram } from '../program.ts';
import type { Checks } from './checks.ts';

const caep = 'https://schemas.openid.net/secevent/caep/event-type/';
const compliance = `${caep}device-compliance-change`;
const rounds = 6;

interface Payload {
  readonly jti: string;
  readonly sub_id: { readonly device?: { readonly sub: string } };
  readonly events: Readonly<Record<string, { readonly current_status?: string }>>;
}

/**
 * Receivers in Python, whose PyJWT verifies every event, over push and poll; and a program that is killed again and
 * again in the middle of its changes: what the register says in the end, every receiver was told.
 */
export async function run(_program: Program, checks: Checks): Promise<void> {
  let program = await startProgram();
  // One address over all restarts, as an issuer must have.
  const environment = { KYDAI_HTTP_PORT: new URL(program.addresses.http).port };
  program = await restart(program, 'SIGINT', environment);
  const receivers: ChildProcess[] = [];
  try {
    const token = (await program.cli('token', 'create', 'receiver', '--scope', 'ask-decision')).stdout;
    const secret = /kdt_\S+/.exec(token)![0];
    const ssf = (path: string, body: object) =>
      ask(program, 'POST', path, body, secret) as Promise<Record<string, { endpoint_url: string } & string>>;

    const pushed = startReceiver('push', program.addresses.http, 'Bearer in');
    receivers.push(pushed.process);
    const { port } = (await eventually(async () => pushed.lines[0])) as unknown as { port: number };
    const polling = await ssf('/ssf/v1/streams', { delivery: { method: 'urn:ietf:rfc:8936' } });
    await ssf('/ssf/v1/streams', {
      delivery: {
        method: 'urn:ietf:rfc:8935',
        endpoint_url: `http://127.0.0.1:${port}/events`,
        authorization_header: 'Bearer in',
      },
    });
    const endpoint = polling['delivery']!.endpoint_url;
    const polled = startReceiver('poll', program.addresses.http, secret, endpoint);
    receivers.push(polled.process);
    await eventually(async () => polled.lines[0]);

    await register(program, 'cam-first');
    await contain(program, 'cam-first', true);
    for (const [name, { lines }] of Object.entries({ push: pushed, poll: polled })) {
      const told = await eventually(async () => statesOf(lines).get('cam-first')).catch(() => undefined);
      checks.equal(`${name}: PyJWT verifies what a quarantine sends`, told, 'not-compliant');
    }

    // A poller that is killed in the middle polls again and gets what it did not acknowledge.
    polled.process.kill('SIGKILL');
    const again = startReceiver('poll', program.addresses.http, secret, endpoint);
    receivers.push(again.process);
    const devices = Array.from({ length: 8 }, (_, index) => `cam-${index}`);
    for (const device of devices) await register(program, device);
    let asked = 0;
    for (let round = 0; round < rounds; round++) {
      const changes = devices.map((device) =>
        contain(program, device, round % 2 === 0).then(
          () => void asked++,
          () => {},
        ),
      );
      // Somewhere between the first commit and the last event.
      await delay(15 + round * 25);
      const next = restart(program, 'SIGKILL', environment);
      await Promise.all(changes);
      program = await next;
      if (again.process.exitCode !== null) {
        Object.assign(again, startReceiver('poll', program.addresses.http, secret, endpoint, again.lines));
        receivers.push(again.process);
      }
    }
    checks.ok('changes went through between the kills', asked > 0);
    const register_ = await registered(program);
    const settled = (lines: readonly Payload[]) => {
      const states = statesOf(lines);
      return devices.every(
        (device) =>
          (states.get(device) ?? 'compliant') === (register_.get(device) ? 'not-compliant' : 'compliant'),
      );
    };
    for (const [name, { lines }] of Object.entries({ push: pushed, poll: again })) {
      const same = await eventually(async () => settled(lines)).catch(() => false);
      const states = JSON.stringify([...statesOf(lines)].sort());
      checks.ok(`${name}: after ${rounds} kills every device is told as the register has it`, same, states);
    }
    checks.ok('some device is left quarantined', [...register_.values()].includes(true));
  } finally {
    for (const receiver of receivers) receiver.kill();
    await program.stop('SIGINT');
  }
}

function startReceiver(
  mode: string,
  issuer: string,
  secret: string,
  endpoint = '',
  lines: Payload[] = [],
): { process: ChildProcess; lines: Payload[] } {
  const file = join(import.meta.dirname, 'shared-signals.receiver.py');
  // Debian's own Python, which has PyJWT of the package python3-jwt.
  const child = spawn('/usr/bin/python3', [file, mode, issuer, secret, endpoint], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      lines.push(JSON.parse(text.slice(0, end)) as Payload);
      text = text.slice(end + 1);
    }
  });
  return { process: child, lines };
}

/** Each device's last told status. */
function statesOf(lines: readonly Payload[]): Map<string, string> {
  const states = new Map<string, string>();
  for (const { sub_id, events } of lines) {
    const status = events?.[compliance]?.current_status;
    if (sub_id?.device !== undefined && status !== undefined) states.set(sub_id.device.sub, status);
  }
  return states;
}

const operatorKey = ({ folder }: Program) =>
  (JSON.parse(readFileSync(join(folder, 'data/operator.json'), 'utf8')) as { key: string }).key;

async function ask(
  program: Program,
  method: string,
  path: string,
  body?: object,
  key = operatorKey(program),
) {
  const response = await fetch(`${program.addresses.http}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

const register = (program: Program, deviceId: string) =>
  ask(program, 'POST', '/api/v1/enrolment-tokens', { deviceId, kind: 'camera', zone: 'north', minutes: 5 });
const contain = (program: Program, device: string, quarantined: boolean) =>
  ask(program, 'POST', `/api/v1/devices/${device}/containment`, { quarantined, reason: 'test' });

async function registered(program: Program): Promise<ReadonlyMap<string, boolean>> {
  const { items } = (await ask(program, 'GET', '/api/v1/devices')) as {
    items: { id: string; quarantined: boolean }[];
  };
  return new Map(items.map(({ id, quarantined }) => [id, quarantined]));
}

async function restart(
  program: Program,
  signal: NodeJS.Signals,
  environment: Readonly<Record<string, string>>,
): Promise<Program> {
  await program.stop(signal);
  return startProgram({ folder: program.folder, environment });
}
