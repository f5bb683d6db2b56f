import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createNormaliser } from '../normalise.ts';
import { flatten } from './flatten.ts';

describe('flattening', () => {
  test('turns lists of objects into lists for each field', () => {
    expect(Object.fromEntries(flatten({ a: [{ b: 1 }, { b: 2, c: null }], d: ['x'], e: {} }).fields)).toEqual(
      {
        'a.b': ['1', '2'],
        'a.c': null,
        d: ['x'],
      },
    );
  });

  test('is bounded in depth, width and text, and says that it cut', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`);
    expect(flatten(deep)).toEqual({ fields: new Map(), cut: true });
    const wide = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`k${index}`, index]));
    expect(flatten(wide).fields.size).toBe(512);
    expect(flatten(wide).cut).toBe(true);
    expect(flatten({ a: 'x'.repeat(100_000) }).fields.get('a')).toHaveLength(32_768);
    expect(flatten({ a: Array.from({ length: 9999 }, () => 1) }).fields.get('a')).toHaveLength(128);
  });

  test('keeps hostile names as plain names', () => {
    const fields = flatten(JSON.parse('{"__proto__":{"x":1},"constructor":"c"}')).fields;
    expect(fields.get('__proto__.x')).toBe(1);
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });

  test('never exceeds its limits on any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const { fields } = flatten({ value }, { depth: 3, fields: 5, valueLength: 4, listLength: 2 });
        expect(fields.size).toBeLessThanOrEqual(5);
      }),
    );
  }, 30_000);
});

describe('a Windows event', () => {
  const { document } = createNormaliser();
  const tree = {
    Event: {
      System: {
        Provider: { '#attributes': { Name: 'Microsoft-Windows-Sysmon' } },
        EventID: 11,
        TimeCreated: { '#attributes': { SystemTime: '2026-04-17T05:24:53.092051Z' } },
        Channel: 'Microsoft-Windows-Sysmon/Operational',
        Computer: 'ws-1',
      },
      EventData: { Image: 'C:\\x.exe', TargetFilename: 'C:\\y.exe' },
    },
  };
  const fields = {
    Channel: 'Microsoft-Windows-Sysmon/Operational',
    EventID: 11,
    Computer: 'ws-1',
    Image: 'C:\\x.exe',
    'event.code': '11',
    'host.name': 'ws-1',
    'process.executable': 'C:\\x.exe',
  };

  test.each([
    ['the XML tree', tree],
    [
      'Winlogbeat',
      {
        '@timestamp': '2026-04-17T05:24:53.092Z',
        winlog: {
          channel: 'Microsoft-Windows-Sysmon/Operational',
          event_id: 11,
          computer_name: 'ws-1',
          event_data: { Image: 'C:\\x.exe' },
        },
      },
    ],
    [
      'the flat form',
      {
        EventID: 11,
        Channel: 'Microsoft-Windows-Sysmon/Operational',
        Hostname: 'ws-1',
        Image: 'C:\\x.exe',
        '@timestamp': '2026-04-17T05:24:53.092Z',
      },
    ],
  ])('in the form of %s has the same names', (_, value) => {
    const event = document(value, 0);
    expect(event).toMatchObject({ dataset: 'windows', time: Date.parse('2026-04-17T05:24:53.092Z') });
    expect(Object.fromEntries(event.fields.entries())).toMatchObject(fields);
  });
});

test.each([
  ['#attributes', (name: string) => ({ '#attributes': { Name: name } }), '#text'],
  ['@', (name: string) => ({ '@Name': name }), '#text'],
  ['$', (name: string) => ({ $: { Name: name } }), '_'],
])(
  'data of a Windows event that are named by %s keep to their names, also beside empty ones',
  (_, named, text) => {
    const Data = [
      named('SubjectUserName'),
      { ...named('TargetUserName'), [text]: 'binh' },
      { ...named('__proto__'), [text]: 'x' },
      { ...named('IpAddress'), [text]: '10.0.0.9' },
    ];
    const read = (data: unknown) => {
      const System = { EventID: { '#text': 4625 }, Channel: 'Security' };
      const event = createNormaliser().document({ Event: { System, EventData: { Data: data } } }, 0);
      return Object.fromEntries(event.fields.entries());
    };
    expect(read(Data)).toMatchObject({
      EventID: 4625,
      SubjectUserName: '',
      TargetUserName: 'binh',
      IpAddress: '10.0.0.9',
      'user.name': 'binh',
      'source.ip': '10.0.0.9',
    });
    expect(read({ ...named('Image'), [text]: 'C:\\a.exe' })).toMatchObject({
      'process.executable': 'C:\\a.exe',
    });
    expect(read(['one', 'two'])).toMatchObject({ Data: ['one', 'two'] });
  },
);

describe('a network sensor', () => {
  const { document } = createNormaliser();

  test('of Suricata keeps its names and gains those of ECS', () => {
    const event = document(
      {
        timestamp: '2026-11-21T20:26:00.123456+0700',
        flow_id: 1,
        event_type: 'alert',
        src_ip: '10.0.0.1',
        src_port: 4444,
        dest_ip: '203.0.113.9',
        dest_port: 23,
        proto: 'TCP',
        alert: { action: 'allowed', signature_id: 2001, signature: 'ET SCAN', category: 'x', severity: 2 },
      },
      0,
    );
    expect(event).toMatchObject({ dataset: 'suricata.alert', time: Date.parse('2026-11-21T13:26:00.123Z') });
    expect(Object.fromEntries(event.fields.entries())).toMatchObject({
      'source.ip': '10.0.0.1',
      'destination.port': 23,
      'network.transport': 'tcp',
      'rule.name': 'ET SCAN',
      src_ip: '10.0.0.1',
    });
  });

  test.each([
    [
      {
        _path: 'dns',
        ts: 1795266000.5,
        uid: 'C1',
        'id.orig_h': '10.0.0.1',
        'id.resp_p': 53,
        query: 'x.example',
      },
      'zeek.dns',
    ],
    [
      { _path: 'conn', ts: 1795266000.5, uid: 'C1', id: { orig_h: '10.0.0.1', resp_p: 23 } },
      'zeek.connection',
    ],
  ])('of Zeek: %o', (value, dataset) => {
    const event = document(value, 0);
    expect(event).toMatchObject({ dataset, time: 1795266000500 });
    expect(event.fields.get('source.ip')).toBe('10.0.0.1');
    expect(event.fields.get('id.orig_h')).toBe('10.0.0.1');
  });

  test('cannot name a dataset of its own making', () => {
    expect(document({ uid: 'a', 'id.orig_h': '1.1.1.1', _path: '../x' }, 0).dataset).toBe('zeek.connection');
    expect(document({ event_type: 'a b', src_ip: '1.1.1.1' }, 0).dataset).toBe('json');
  });
});

describe('the time of a document', () => {
  const { document } = createNormaliser({ zone: '+07:00' });
  test.each([
    ['2026-11-21T13:00:00Z', 1795266000000],
    ['2026-11-21 20:00:00,000', 1795266000000],
    [1795266000, 1795266000000],
    [1795266000.5, 1795266000500],
    [1795266000000, 1795266000000],
    ['1795266000000000000', 1795266000000],
  ])('may be written %s', (value, time) => {
    expect(document({ time: value }, 1795266000000).time).toBe(time);
  });

  test('is the time of receipt where there is none, flagged', () => {
    const event = document({ time: 'soon', a: 1 }, 5);
    expect(event.time).toBe(5);
    expect(event.fields.get('kydai.time_flag')).toBe('none');
  });
});
