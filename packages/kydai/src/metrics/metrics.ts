import type { Clock, Indicator, PkiHealthView, RecordStore, Signals, SourceLedger } from '@kydai/contracts';
import { computeIndicators, incidents } from '@kydai/csirt';
import { devices } from '@kydai/pki';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { BackupTimes } from '../backup/state.ts';
import type { DetectionLosses } from '../flow/detect.ts';
import { countCertificates } from '../pki/certificate-counts.ts';
import { addPkiMetrics } from '../pki/metrics.ts';

/** What Prometheus scrapes at `/metrics`. Names follow its conventions: base units, `_total` for counters. */
export function createMetrics(parts: {
  readonly records: RecordStore;
  readonly signals: Signals;
  readonly clock: Clock;
  readonly ledgers: () => readonly SourceLedger[];
  /** When backups were made and proven. */
  readonly backups: () => BackupTimes;
  /** What the detection held back or could not count. */
  readonly losses: () => DetectionLosses;
  /** How the certificate authority does. */
  readonly pki: () => Promise<PkiHealthView>;
}): () => Promise<{ text: string; type: string }> {
  const { records, signals, clock, ledgers, backups, losses, pki } = parts;
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, prefix: 'kydai_' });

  const detections = new Counter({
    name: 'kydai_detections_total',
    help: 'Detections by level',
    labelNames: ['level'],
    registers,
  });
  new Counter({
    name: 'kydai_detection_suppressed_total',
    help: 'Detections held back because a rule or a source made too many; each still counts in a later detection',
    registers,
    collect() {
      this.reset();
      this.inc(losses().suppressed);
    },
  });
  new Counter({
    name: 'kydai_rule_suppressed_total',
    help: 'Detections held back, of the 100 rules that made the most of them',
    labelNames: ['rule'],
    registers,
    collect() {
      this.reset();
      const noisiest = Object.entries(losses().suppressedByRule).sort(([, one], [, other]) => other - one);
      for (const [rule, count] of noisiest.slice(0, 100)) this.inc({ rule }, count);
    },
  });
  new Counter({
    name: 'kydai_detection_late_total',
    help: 'Events that came too late for a correlation to count them, by rule',
    labelNames: ['rule'],
    registers,
    collect() {
      this.reset();
      for (const { rule, late } of losses().correlations) this.inc({ rule }, late);
    },
  });
  new Counter({
    name: 'kydai_detection_evicted_total',
    help: 'Groups that a correlation gave up before their time because it counted too many, by rule',
    labelNames: ['rule'],
    registers,
    collect() {
      this.reset();
      for (const { rule, evicted } of losses().correlations) this.inc({ rule }, evicted);
    },
  });
  const latency = new Histogram({
    name: 'kydai_pipeline_latency_seconds',
    help: 'Event received to detection',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const decisions = new Counter({
    name: 'kydai_decisions_total',
    help: 'Decisions of the decision point by action and outcome',
    labelNames: ['action', 'outcome'],
    registers,
  });
  const containments = new Counter({
    name: 'kydai_containments_total',
    help: 'Containments by action and whether they were proven effective',
    labelNames: ['action', 'effective'],
    registers,
  });
  signals.subscribe((signal) => {
    if (signal.type === 'detection') {
      detections.inc({ level: signal.detection.level });
      latency.observe(Math.max(0, signal.detection.detected - signal.detection.time) / 1000);
    } else if (signal.type === 'decision') {
      decisions.inc({ action: signal.request.action, outcome: signal.decision.outcome });
    } else if (signal.type === 'containment') {
      containments.inc({ action: signal.containment.action, effective: String(signal.proof.effective) });
    }
  });

  const flows = ['received', 'parsed', 'kept', 'refused', 'dropped'] as const;
  for (const flow of flows) {
    new Counter({
      name: `kydai_source_events_${flow}_total`,
      help: `Events ${flow}, by transport`,
      labelNames: ['transport'],
      registers,
      collect() {
        this.reset();
        for (const ledger of ledgers()) this.inc({ transport: ledger.transport }, ledger[flow]);
      },
    });
  }
  new Gauge({
    name: 'kydai_source_last_seen_timestamp_seconds',
    help: 'When the newest event of any source of the transport came',
    labelNames: ['transport'],
    registers,
    collect() {
      this.reset();
      const newest = new Map<string, number>();
      for (const { transport, lastSeen } of ledgers()) {
        newest.set(transport, Math.max(newest.get(transport) ?? 0, lastSeen));
      }
      for (const [transport, at] of newest) this.set({ transport }, at / 1000);
    },
  });

  const count = (name: string, help: string, read: () => Promise<number>) =>
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        this.set(await read());
      },
    });
  const open = { state: ['new', 'open'], drill: false };
  count('kydai_incidents_open', 'Incidents not yet contained, drills excluded', () =>
    records.count(incidents, open),
  );
  count('kydai_devices', 'Devices in the register', () => records.count(devices));
  count('kydai_devices_quarantined', 'Devices in quarantine', () =>
    records.count(devices, { quarantined: true }),
  );
  count('kydai_certificates_valid', 'Certificates neither revoked nor expired', () =>
    countCertificates(records, { profile: 'device', revoked: false, notAfter: { gt: clock.now() } }),
  );
  count('kydai_certificates_revoked', 'Certificates revoked', () =>
    countCertificates(records, { profile: 'device', revoked: true }),
  );

  const readPki = addPkiMetrics(registry, pki);

  const backup = (name: string, help: string, read: () => number | undefined) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set((read() ?? 0) / 1000);
      },
    });
  backup(
    'kydai_backup_last_proven_restore_timestamp_seconds',
    'When a restore of a backup was last opened and read; 0: never',
    () => backups().proven,
  );
  backup(
    'kydai_backup_proven_made_timestamp_seconds',
    'When the newest backup was made that is proven to restore: what was done since would be lost; 0: never',
    () => backups().covers,
  );
  backup(
    'kydai_backup_last_timestamp_seconds',
    'When the last backup was made; 0: never',
    () => backups().created,
  );

  const indicator = new Gauge({
    name: 'kydai_indicator_seconds',
    help: 'City indicators over confirmed incidents, drills excluded; read together with kydai_indicator_incidents',
    labelNames: ['indicator', 'statistic'],
    registers,
  });
  const indicatorCount = new Gauge({
    name: 'kydai_indicator_incidents',
    help: 'Incidents that an indicator rests on',
    labelNames: ['indicator'],
    registers,
  });

  return async () => {
    await readPki();
    const found = await records.find(incidents, {
      where: { drill: false },
      order: '-discovery',
      limit: 10_000,
    });
    for (const each of computeIndicators(
      found.records.map(({ value }) => value),
      clock.now(),
    )) {
      indicatorCount.set({ indicator: each.name }, each.n);
      for (const statistic of ['mean', 'median', 'p90'] as const) setSeconds(indicator, each, statistic);
    }
    return { text: await registry.metrics(), type: registry.contentType };
  };
}

function setSeconds(
  gauge: Gauge<'indicator' | 'statistic'>,
  indicator: Indicator,
  statistic: 'mean' | 'median' | 'p90',
) {
  const value = indicator[statistic];
  if (value === null) gauge.remove({ indicator: indicator.name, statistic });
  else gauge.set({ indicator: indicator.name, statistic }, value / 1000);
}
