import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EnrolmentTokenView, type Incident, type PlaybookRun, type Signal, uuidv7 } from '@kydai/contracts';
import { enrol, exportDeviceKey } from '@kydai/device';
import type { OperatorClient } from '../cli/operator-client.ts';
import { ShellError } from '../error.ts';
import { lookFromOutside, until } from './outside.ts';
import { type Scenario, syslogLine } from './scenarios.ts';
import { followSignals } from './signal-stream.ts';

/** One thing that happened, measured from the moment at which the deciding line was sent. */
export interface Hop {
  readonly name: string;
  /** Milliseconds after the deciding line; negative before it. */
  readonly after: number;
  readonly detail: string;
}

export interface DrillReport {
  readonly deviceId: string;
  readonly hops: readonly Hop[];
  /** Whether OCSP, AuthZEN and the device's own attempt all say that it is cut off. */
  readonly proven: boolean;
  readonly incident?: Incident;
}

const patience = 20_000;

/**
 * Runs a scenario against the running program: enrols a device, sends the attack's lines through the syslog collector,
 * follows the signals, and asks from outside until the device is cut off.
 */
export async function runDrill(
  client: OperatorClient,
  scenario: Scenario,
  onHop: (hop: Hop) => void = () => {},
): Promise<DrillReport> {
  const drillId = uuidv7(Date.now());
  const deviceId = `drill-${scenario.kind}-${drillId.slice(-6)}`;
  const folder = mkdtempSync(join(tmpdir(), 'kydai-drill-'));
  const { addresses } = client;
  try {
    const rootPem = await (await fetch(`${addresses.status}/pki/ca/root.pem`)).text();
    const body = { deviceId, kind: scenario.kind, zone: 'drill', minutes: 10, drill: true };
    const { token } = await client.call('POST', '/api/v1/enrolment-tokens', EnrolmentTokenView, body);
    const began = Date.now();
    const identity = await enrol({ estUrl: addresses.devices, deviceId, token, ca: rootPem, folder });
    const enrolled = Date.now() - began;
    const [certificatePem = '', issuerPem = ''] = splitPem(identity.chain);
    const keyPem = exportDeviceKey(identity.key);
    const { certificate } = identity;
    const outside = lookFromOutside({ addresses, deviceId, certificatePem, issuerPem, keyPem, rootPem });

    const before = await Promise.all([outside.mayPublish(), outside.certificateStatus(), outside.publish()]);
    if (!before[0].allowed || before[1] !== 'good' || before[2] !== 202) {
      throw new ShellError(
        'invalid',
        `the device \`${deviceId}\` should be trusted before the attack and is not`,
      );
    }

    const hops: Hop[] = [];
    let zero = 0;
    const hop = (name: string, at: number, detail: string) => {
      const made = { name, after: at - zero, detail };
      hops.push(made);
      onHop(made);
    };
    let incident: Incident | undefined;
    const seen = new Set<string>();
    const once = (key: string, name: string, at: number, detail: string) => {
      if (seen.has(key)) return;
      seen.add(key);
      hop(name, at, detail);
    };
    const concerns = (entities: readonly { type: string; id: string }[]) =>
      entities.some(({ type, id }) => type === 'device' && id === deviceId);
    const onSignal = (signal: Signal, at: number) => {
      if (signal.type === 'detection' && concerns(signal.detection.entities)) {
        once(
          `detection ${signal.detection.rule.id}`,
          'detection',
          at,
          `${signal.detection.rule.title} (${signal.detection.level})`,
        );
      } else if (signal.type === 'incident' && concerns(signal.incident.entities)) {
        once(
          `incident ${signal.incident.id}`,
          'incident',
          at,
          `${signal.incident.number} ${signal.incident.title}`,
        );
        if (signal.incident.category === scenario.category) incident = signal.incident;
      } else if (signal.type === 'run' && signal.run.incidentId === incident?.id) {
        tellRun(signal.run, at, once);
      } else if (signal.type === 'containment' && signal.containment.target.id === deviceId) {
        const evidence = signal.proof.evidence.join('; ');
        once(`containment ${signal.containment.id}`, signal.containment.action, at, evidence);
      }
    };

    const watching = new AbortController();
    const { promise: open, resolve: opened } = Promise.withResolvers<void>();
    const watched = followSignals(client, onSignal, opened, watching.signal);
    await Promise.race([open, watched]);

    const lines = scenario.lines({
      id: deviceId,
      fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
      serial: certificate.serialNumber.toLowerCase(),
    });
    const [host = '', port = ''] = splitAddress(addresses.syslogTcp);
    const send = await openSyslog(host, Number(port));
    const now = Date.now();
    for (const [index, line] of lines.slice(0, -1).entries()) {
      await send(syslogLine(line, drillId, now - (lines.length - index) * 10));
    }
    zero = Date.now();
    hop('enrolled', zero - 1, `${deviceId} by EST in ${enrolled} ms; OCSP good, AuthZEN allow, publish 202`);
    hop('attack', zero, `${lines.length} lines sent by syslog over TCP`);
    await send(syslogLine(lines.at(-1)!, drillId, zero), true);

    const [denied, revoked, refused] = await Promise.all([
      until(
        () => outside.mayPublish(),
        ({ allowed }) => !allowed,
        patience,
      ),
      until(
        () => outside.certificateStatus(),
        (status) => status === 'revoked',
        patience,
      ),
      until(
        () => outside.publish(),
        (status) => status === 401 || status === 403,
        patience,
      ),
    ]);
    const runEnded = await until(async () => seen.has('run ended'), Boolean, 3000);
    watching.abort();
    await watched;
    if (denied !== undefined)
      hop('outside: AuthZEN', denied, `deny: ${why((await outside.mayPublish()).reasons)}`);
    if (revoked !== undefined) hop('outside: OCSP', revoked, 'revoked');
    if (refused !== undefined) hop('outside: publish', refused, `refused with ${await outside.publish()}`);
    const proven = [denied, revoked, refused, runEnded].every((at) => at !== undefined);
    return {
      deviceId,
      hops: hops.toSorted((a, b) => a.after - b.after),
      proven,
      ...(incident ? { incident } : {}),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type Once = (key: string, name: string, at: number, detail: string) => void;

function tellRun(run: PlaybookRun, at: number, once: Once): void {
  once(`run ${run.id}`, 'playbook', at, run.playbookName);
  for (const step of run.steps) {
    if (step.type === 'action' && step.state !== 'pending' && step.state !== 'running') {
      once(`step ${run.id} ${step.id} ${step.state}`, 'step', at, `${step.name}: ${step.state}`);
    }
  }
  if (run.state === 'done') once('run ended', 'playbook', at, 'done');
}

/** The policies' word for it, out of the context of the answer. */
function why(context: string): string {
  const { reason_user: reason } = JSON.parse(context) as { reason_user?: unknown };
  if (typeof reason === 'string') return reason;
  const words = Object.values((reason as Record<string, string> | undefined) ?? {});
  return words[0] ?? context;
}

function splitPem(text: string): string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
}

function splitAddress(address: string): [string, string] {
  const colon = address.lastIndexOf(':');
  return [address.slice(0, colon).replace(/^\[|\]$/g, ''), address.slice(colon + 1)];
}

async function openSyslog(
  host: string,
  port: number,
): Promise<(line: string, last?: boolean) => Promise<void>> {
  const socket = connect({ host, port, noDelay: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return (line, last = false) =>
    new Promise((resolve, reject) => {
      socket.write(`${line}\n`, (error) => (error ? reject(error) : resolve()));
      if (last) socket.end();
    });
}
