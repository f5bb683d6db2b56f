import type { IncidentView, PlaybookRun, Signal } from '@kydai/contracts';
import { describe, expect, it } from 'vitest';
import { certificates, detections, devices, incidents, runs, sources } from '../../dev/data.ts';
import { type Affected, affected, gather, withRun } from './affected.ts';

const [incident, run] = [incidents[0]!, runs[0]!];

describe('a signal', () => {
  it('of a containment touches the incident, the device and the certificates', () => {
    const signal: Signal = {
      type: 'containment',
      containment: {
        id: 'c1',
        action: 'revoke-certificate',
        target: { type: 'device', id: 'cam-001' },
        reason: 'x',
        requester: 'user:a',
        incidentId: 'i1',
        drill: false,
      },
      proof: { containmentId: 'c1', effective: true, at: 1, evidence: [] },
    };
    expect(affected(signal)).toEqual([
      ['overview'],
      ['devices'],
      ['certificates'],
      ['incident', 'i1'],
      ['device', 'cam-001'],
    ]);
  });

  it('of any type names what it makes old', () => {
    const signals: Signal[] = [
      { type: 'detection', detection: detections[0]! },
      { type: 'incident', incident },
      { type: 'run', run },
      { type: 'device', device: devices[0]! },
      { type: 'certificate', certificate: certificates[0]! },
      { type: 'ledger', ledger: sources[0]! },
    ];
    for (const signal of signals) expect(affected(signal).map(([subject]) => subject)).toContain('overview');
  });
});

describe('a run that moves on', () => {
  const view: IncidentView = { incident, detections: [], runs: [run], obligations: [] };

  it('replaces its older state on its own incident alone', () => {
    const moved: PlaybookRun = { ...run, state: 'done' };
    expect(withRun(view, moved)!.runs).toEqual([moved]);
    expect(withRun(view, { ...moved, incidentId: 'another' })).toBe(view);
    expect(withRun(undefined, moved)).toBeUndefined();
  });

  it('is added when it is new', () => {
    expect(withRun(view, { ...run, id: 'second' })!.runs.map((one) => one.id)).toEqual([run.id, 'second']);
  });
});

describe('gathering', () => {
  it('turns a storm of signals into one renewal of each query', () => {
    const flushed: (readonly Affected[])[] = [];
    const waits: (() => void)[] = [];
    const touch = gather(
      (keys) => flushed.push(keys),
      900,
      (_wait, act) => waits.push(act),
    );
    for (let index = 0; index < 1000; index += 1) touch([['overview'], ['incident', 'i1']]);
    expect(waits).toHaveLength(1);
    waits[0]!();
    expect(flushed).toEqual([[['overview'], ['incident', 'i1']]]);
    touch([['overview']]);
    expect(waits).toHaveLength(2);
  });
});
