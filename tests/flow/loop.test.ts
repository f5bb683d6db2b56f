import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectOperator, loadConfig, type Running, runDrill, scenarios, startKydai } from '@kydai/kydai';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, temporaryFolder } from '../program.ts';

const ports = Object.fromEntries(
  ['HTTP', 'DEVICES', 'STATUS', 'COLLECT', 'SYSLOG_UDP', 'SYSLOG_TCP', 'SYSLOG_TLS'].map((name) => [
    `KYDAI_${name}_PORT`,
    '0',
  ]),
);

describe('the loop, in one process', () => {
  const folder = temporaryFolder();
  const environment = { ...ports, KYDAI_DATA: join(folder, 'data') };
  const config = loadConfig({ file: join(folder, 'kydai.yaml'), required: false, environment });
  let running: Running;

  beforeAll(async () => {
    running = await startKydai({ config, environment, log: pino({ level: 'silent' }) });
  });
  afterAll(() => running.stop());

  it.each(scenarios.map((scenario) => [scenario.name, scenario] as const))(
    '%s ends with the device cut off, proven from outside',
    async (_name, scenario) => {
      const report = await runDrill(connectOperator(config.data), scenario);
      expect(report.proven).toBe(true);
      expect(report.incident?.category).toBe(scenario.category);
      expect(report.incident?.drill).toBe(true);
      const order = ['attack', 'detection', 'incident', 'playbook'].map((name) =>
        report.hops.findIndex((hop) => hop.name === name),
      );
      expect(order).toEqual(order.toSorted((a, b) => a - b));
      expect(order).not.toContain(-1);
    },
    30_000,
  );

  it('leaves drills out of the indicators', async () => {
    const { records } = running.kydai;
    const overview = await fetch(`${running.addresses.http}/metrics`).then((response) => response.text());
    expect(overview).toMatch(/kydai_indicator_incidents\{indicator="mttd"\} 0/);
    expect(records).toBeDefined();
  });

  it('waits for a person before it touches operational technology, and goes on when one approves', async () => {
    const { authority, executor, decide } = running.kydai;
    await authority.devices.register(
      { id: 'light-7', kind: 'traffic-controller', zone: 'traffic' },
      'user:test',
    );
    const line = (message: string) =>
      `<134>1 ${new Date().toISOString()} light-7 controller - - - ${message}\n`;
    const body = ['phase_change', 'phase_change', 'phase_change'].map((action, index) =>
      line(`device=light-7 action=${action} value=${index} scheduled=no user=unknown src=10.3.0.7`),
    );
    const response = await fetch(`${running.addresses.collect}/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: body.map((message) => `${JSON.stringify({ message: message.trim() })}\n`).join(''),
    });
    expect(await response.json()).toMatchObject({ received: 3, kept: 3 });
    // The playbook asks people twice: to set the junction to flashing by hand, and then whether to cut the controller off.
    const reasons: string[] = [];
    const isCutOff = async () => (await authority.devices.get('light-7'))?.quarantined === true;
    await eventually(async () => {
      const [waiting] = await executor.waiting();
      if (waiting !== undefined) {
        expect(await isCutOff()).toBe(reasons.some((reason) => /công nghệ vận hành/.test(reason)));
        reasons.push(waiting.reason);
        const { runId, stepId } = waiting;
        await executor.approve({
          runId,
          stepId,
          approved: true,
          comment: 'confirmed by phone',
          by: 'user:ciso',
        });
      }
      return isCutOff();
    });
    expect(reasons.join('; ')).toMatch(/công nghệ vận hành/);
    const resource = { type: 'Dataset', id: 'readings' };
    expect(
      decide({ principal: { type: 'Device', id: 'light-7' }, action: 'publish', resource }).outcome,
    ).toBe('forbidden');
  });

  it('keeps every step in an audit log that verifies', async () => {
    const { audit } = running.kydai;
    const actions = (await audit.entries(0, 10_000)).map(({ entry }) => entry.action);
    for (const action of ['certificate.issue', 'certificate.revoke', 'containment.revoke-certificate']) {
      expect(actions).toContain(action);
    }
    await audit.checkpoint();
    expect(await audit.verify()).toMatchObject({ intact: true, faults: [] });
  });

  it('shows no secret in what it wrote for people', () => {
    const operator = JSON.parse(readFileSync(join(config.data, 'operator.json'), 'utf8')) as { key: string };
    expect(operator.key).toMatch(/^kdo_/);
  });
});
