import { type Detection, type DeviceKind, type Event, type Incident, uuidv7, write } from '@kydai/contracts';
import { detections } from '@kydai/csirt';
import { devices } from '@kydai/pki';
import { describe, expect, it } from 'vitest';
import { openTestRecords } from '../notify/testing/records.ts';
import { camera } from '../notify/testing/samples.ts';
import { createCorroboration, standingOf } from './corroborate.ts';

/** Whether what these detections heard from these sources suffices to cut `cam-1` off. */
async function suffices(...heard: readonly (readonly string[])[]): Promise<boolean> {
  const records = await openTestRecords();
  const kinds: [string, DeviceKind][] = [
    ['cam-1', 'camera'],
    ['cam-2', 'camera'],
    ['gw-1', 'gateway'],
  ];
  for (const [id, kind] of kinds)
    await records.commit([write.insert(devices, { ...camera(id, false), kind })]);
  const kept = new Map<string, Event>();
  const ids: string[] = [];
  for (const sources of heard) {
    const eventIds = sources.map((source) => {
      const id = uuidv7(1);
      kept.set(id, { id, time: 1, received: 1, source, dataset: 'd', fields: new Map(), raw: '' });
      return id;
    });
    const detection: Detection = {
      id: uuidv7(1),
      rule: { id: 'r', title: 'R' },
      level: 'high',
      time: 1,
      firstEventTime: 1,
      detected: 1,
      eventIds,
      eventCount: eventIds.length,
      entities: [{ type: 'device', id: 'cam-1' }],
      techniques: [],
      tags: [],
      drill: false,
    };
    await records.commit([write.insert(detections, detection)]);
    ids.push(detection.id);
  }
  const corroborated = createCorroboration({ records, events: { get: async (id) => kept.get(id) } });
  const incident = { detectionIds: ids } as unknown as Incident;
  return corroborated({ incident, detectionId: ids[0]!, entities: [{ type: 'device', id: 'cam-1' }] });
}

describe('a device is cut off without a person', () => {
  it.each<[string, boolean, string[][]]>([
    ['our own sensors say so', true, [['internal/handshakes']]],
    ['a sender with a token says so', true, [['http/token:0197']]],
    ['a collector with a certificate of ours says so', true, [['syslog-tls/edge-north']]],
    ['the device itself says so, by its certificate', true, [['syslog-tls/cam-1']]],
    ['the gateway before it says so', true, [['syslog-tls/gw-1']]],
    ['two addresses say so', true, [['syslog-tcp/10.1.0.1', 'syslog-tcp/10.1.0.2']]],
    ['a second address says so later', true, [['syslog-tcp/10.1.0.1'], ['bulk/10.1.0.9']]],
    ['another device and an address say so', true, [['syslog-tls/cam-2', 'syslog-tcp/10.1.0.1']]],
    ['one address says so', false, [['syslog-tcp/10.1.0.1']]],
    ['one address says so often, and by two ways', false, [['syslog-tcp/10.1.0.1'], ['http/10.1.0.1']]],
    [
      'datagrams say so, whatever addresses they carry',
      false,
      [['syslog-udp/10.1.0.1', 'syslog-udp/10.1.0.2']],
    ],
    [
      'an address and datagrams that it may have sent say so',
      false,
      [['syslog-tcp/10.1.0.1', 'syslog-udp/10.1.0.2']],
    ],
    [
      'programs of this machine say so',
      false,
      [['http/127.0.0.1', 'syslog-tcp/::1', 'http/::ffff:127.0.0.1']],
    ],
    ['another device says so', false, [['syslog-tls/cam-2']]],
    ['a topic of a broker says so', false, [['mqtt/device/cam-1', 'mqtt/token:x']]],
    ['senders that are too many to be told apart say so', false, [['syslog-tcp/other', 'http/other']]],
    ['nobody is known to have said so', false, [['']]],
  ])('%s: %s', async (_, expected, heard) => {
    expect(await suffices(...heard)).toBe(expected);
  });
});

it('no name that a sender can choose makes it proven', () => {
  for (const name of ['internal', 'token:x', 'user:administrator', 'syslog-tls/edge'])
    for (const transport of ['syslog-udp', 'syslog-tcp', 'mqtt'])
      expect(standingOf(`${transport}/${name}`).kind).not.toBe('proven');
});
