import { describe, expect, it } from 'vitest';
import { incidents } from '../incident/kinds.ts';
import { ownObligations } from '../testing/obligations.ts';
import { ownPlaybooks } from '../testing/runbooks.ts';
import { detectionOf, World } from '../testing/world.ts';
import { openedBy } from '../triage/incident.ts';
import { renderNotice } from './notice.ts';
import { yearlyReport } from './yearly.ts';

const obligations = ownObligations();
const byId = (id: string) => obligations.find((it) => it.id === id)!;
const reporter = {
  organisation: 'Trung tâm IOC Huế',
  system: 'Hệ thống camera',
  level: 3,
  contact: 'Lan, 0234',
};

async function containedIncident() {
  const world = new World(ownPlaybooks());
  const detection = detectionOf();
  const { incident, start } = await world.triage().ingest(detection);
  const executor = world.executor();
  await executor.start(start!, incident!, detection);
  await executor.settled();
  return (await world.records.get(incidents, incident!.id))!.value;
}

describe('a notice', () => {
  it('says in Vietnamese what happened, when, to what, and what was proven', async () => {
    const { title, text, missing } = renderNotice(
      byId('mps-first-notice'),
      await containedIncident(),
      reporter,
      'vi',
    );
    expect(title).toBe('Báo cáo ban đầu sự cố an ninh mạng nghiêm trọng');
    for (const part of [
      'BẢN NHÁP',
      'Kính gửi:** Bộ Công an',
      'Hệ thống camera (cấp độ 3)',
      'INC-2026-0001',
      'Chứng thư số thiết bị bị đánh cắp: cam-001',
      'Phát hiện: 21/11/2026, 15:00:00 (UTC+7)',
      'Hạn báo cáo:** 22/11/2026, 15:00:00 (UTC+7)',
      'device (1): cam-001',
      'revoke-certificate device:cam-001',
    ]) {
      expect(text).toContain(part);
    }
    expect(text).not.toContain('Nguyên nhân');
    expect(missing).toEqual([]);
  });

  it('asks in the 72 hour report for what the incident does not tell', async () => {
    const incident = await containedIncident();
    const { missing, text } = renderNotice(byId('mps-cause-scope-remedy'), incident, reporter, 'vi');
    expect(missing).toEqual(['nguyên nhân gốc', 'biện pháp khắc phục']);
    expect(text).toContain('nguyên nhân gốc: [cần bổ sung]');
    const personal = renderNotice(byId('personal-data-authority'), incident, reporter, 'en');
    expect(personal.missing).toContain('kinds of personal data and number of people concerned');
  });

  it('claims no measure that was not proven', () => {
    const incident = openedBy(detectionOf(), { name: 'x', opens: true }, 'INC-2026-0009', 1);
    expect(renderNotice(byId('mps-first-notice'), incident, reporter, 'en').text).toContain(
      'no measure has been proven effective yet',
    );
  });

  it('repeats what came from a log without its markup', () => {
    const id = '<img src=x onerror=alert(1)>\n# heading [link](x)';
    const incident = openedBy(
      detectionOf({ entities: [{ type: 'user', id }] }),
      { name: 'x', opens: true },
      'INC-1',
      1,
    );
    const { text } = renderNotice(byId('mps-first-notice'), incident, reporter, 'en');
    expect(text).not.toMatch(/(?<!\\)<img/);
    expect(text).not.toMatch(/^# heading/m);
    expect(text).not.toContain('[link](x)');
  });
});

describe('the yearly report', () => {
  const at = (date: string) => Date.parse(`${date}T00:00:00+07:00`);
  const found = (
    date: number,
    fields: Parameters<typeof detectionOf>[0] = {},
    state: 'open' | 'false-positive' = 'open',
  ) => ({
    ...openedBy(
      detectionOf({ at: date, detected: date, ...fields }),
      { name: 'brute-force', opens: true },
      `INC-${date}`,
      date,
    ),
    state,
  });

  it('counts from 15 December to 14 December, drills and false positives by themselves', () => {
    const report = yearlyReport(
      [
        found(at('2025-12-15') - 1),
        found(at('2025-12-15')),
        found(at('2026-12-15') - 1, { level: 'critical' }),
        found(at('2026-12-15')),
        found(at('2026-06-01'), { drill: true }),
        found(at('2026-06-01'), {}, 'false-positive'),
      ],
      2026,
      at('2026-12-16'),
    );
    expect(report.incidents).toMatchObject({
      total: 2,
      bySeverity: { critical: 1, high: 1, low: 0 },
      byCategory: { 'brute-force': 2 },
    });
    expect(report).toMatchObject({ drills: 1, falsePositives: 1, dueMinistry: at('2026-12-26') - 1 });
    expect(report.indicators.map(({ name }) => name)).toContain('mttd');
  });
});
