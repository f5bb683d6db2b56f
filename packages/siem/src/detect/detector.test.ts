import { Detection as DetectionSchema } from '@kydai/contracts';
import { describe, expect, it } from 'vitest';
import { loadRules } from '../rules/load.ts';
import { createDetector, type DetectorOptions } from './detector.ts';
import { base, corr, count, detectorOf, eventAt, hits, written } from './detector-samples.ts';

describe('detections of plain rules', () => {
  const text = (more = '') =>
    `${more}title: T\nid: r\nlogsource: { service: app.log }\ntags: [attack.t1110.001, attack.ics.t0855]\ndetection:\n  s: { x: 1 }\n  condition: s\n`;
  const detectorFor = (yaml: string) =>
    createDetector({ rules: loadRules([{ file: 'a.yml', text: yaml }]).rules, clock: { now: () => base } });

  it('name techniques, entities and drills, and keep their id when processed again', () => {
    const event = eventAt(0, { x: 1, 'device.id': 'cam-1', 'host.name': '-', 'kydai.drill': true });
    const [detection] = detectorFor(text()).process(event);
    expect(DetectionSchema.parse(detection)).toMatchObject({
      techniques: ['T1110.001', 'T0855'],
      entities: [{ type: 'device', id: 'cam-1' }],
      drill: true,
    });
    expect(detection!.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(detectorFor(text()).process(event)[0]!.id).toBe(detection!.id);
  });

  it('carry the rule’s title in both languages, where it has both', () => {
    const [both] = detectorFor(text('title_vi: Tiêu đề\n')).process(eventAt(0, { x: 1 }));
    expect(DetectionSchema.parse(both).rule).toEqual({ id: 'r', title: 'T', titleVi: 'Tiêu đề' });
    const [one] = detectorFor(text()).process(eventAt(0, { x: 1 }));
    expect(one!.rule).toEqual({ id: 'r', title: 'T' });
  });

  it('take their entities from the fields that the rule names', () => {
    const detector = detectorFor(text('kydai: { entities: { build.id: build } }\n'));
    const [detection] = detector.process(eventAt(0, { x: 1, 'build.id': 'b', 'user.name': 'u' }));
    expect(detection!.entities).toEqual([{ type: 'build', id: 'b' }]);
  });

  it('come only from events of the rule’s log source', () => {
    expect(detectorFor(text()).process(eventAt(0, { x: 1 }, 'other.log'))).toEqual([]);
    expect(detectorFor(text()).process(eventAt(0, { x: 1 }, 'constructor'))).toEqual([]);
  });
});

describe('the throttle', () => {
  const text =
    'id: r\ntitle: T\nlogsource: { service: app.log }\ndetection:\n  s: { x: 1 }\n  condition: s\n';
  const detector = (limits: DetectorOptions['throttle'], known?: DetectorOptions['known']) =>
    createDetector({
      rules: loadRules([{ file: 'a.yml', text }]).rules,
      clock: { now: () => base },
      ...(known === undefined ? {} : { known }),
      ...(limits === undefined ? {} : { throttle: limits }),
    });
  const noise = (n: number, user: string, at = 0) =>
    Array.from({ length: n }, () => eventAt(at, { x: 1, 'user.name': user }));

  it('holds back one noisy source, lets others through, and tells what it held back', () => {
    const limited = detector({ perSource: 3, perRule: 100, window: 60_000 });
    expect(limited.processBatch(noise(50, 'loud'))).toHaveLength(3);
    expect(limited.processBatch(noise(1, 'quiet'))).toHaveLength(1);
    expect(limited.stats().suppressed).toEqual({ r: 47 });
    expect(limited.processBatch(noise(1, 'loud', 61))[0]!.eventCount).toBe(48);
  });

  it('bounds a rule that fires on everything, whoever it is about', () => {
    const limited = detector({ perSource: 3, perRule: 10, perRuleAtMost: 30, window: 60_000 });
    const found = Array.from({ length: 50 }, (_, n) => limited.processBatch(noise(1, `u${n}`))).flat();
    expect(found).toHaveLength(30);
    expect(limited.stats().suppressed).toEqual({ r: 20 });
  });

  it('lets a victim through a flood about devices that do not exist, and holds back only the repeats', () => {
    const limited = detector(undefined);
    for (let n = 0; n < 2000; n++) limited.process(eventAt(0, { x: 1, 'device.id': `fake-${n}` }));
    const victim = () => limited.process(eventAt(1, { x: 1, 'device.id': 'tlc-014' }));
    expect(victim()).toHaveLength(1);
    expect(victim()).toEqual([]);
    expect(limited.stats().suppressed).toEqual({ r: 1 });
  });

  it('lets a device of the register through however large the flood is, and bounds what varies around it', () => {
    const limits = { perSource: 3, perRule: 10, perRuleAtMost: 20, window: 60_000 };
    const limited = detector(limits, ({ type, id }) => type === 'device' && id === 'tlc-014');
    const about = (device: string, user: string) =>
      limited.process(eventAt(0, { x: 1, 'device.id': device, 'user.name': user }));
    for (let n = 0; n < 500; n++) about(`fake-${n}`, 'u');
    expect(about('tlc-014', 'u')).toHaveLength(1);
    expect(Array.from({ length: 100 }, (_, n) => about('tlc-014', `v${n}`)).flat()).toHaveLength(2);
  });

  it('keeps drills and what is real in accounts of their own', () => {
    const limited = detector({ perSource: 3, perRule: 10, perRuleAtMost: 10, window: 60_000 });
    for (let n = 0; n < 50; n++)
      limited.process(eventAt(0, { x: 1, 'user.name': `u${n}`, 'kydai.drill': true }));
    expect(limited.processBatch(noise(5, 'real'))).toHaveLength(3);
  });

  it('never holds back what a correlation counts, and can be switched off', () => {
    const limits = { perSource: 1, perRule: 1, window: 60_000 };
    expect(corr(detectorOf(count(10), { throttle: limits }).processBatch(hits(10, 1)))).toHaveLength(1);
    expect(detector(false).processBatch(noise(500, 'loud'))).toHaveLength(500);
  });

  it('survives a restart', () => {
    const limits = { perSource: 3, perRule: 100, window: 60_000 };
    const before = detector(limits);
    before.processBatch(noise(5, 'loud'));
    const after = detector(limits);
    after.restore(written(before.checkpoint()));
    expect(after.processBatch(noise(5, 'loud'))).toEqual([]);
    expect(after.stats().suppressed).toEqual({ r: 7 });
  });
});
