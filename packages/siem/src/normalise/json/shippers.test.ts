import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createNormaliser } from '../normalise.ts';

const { document } = createNormaliser();
const read = (value: object) => {
  const { dataset, time, fields } = document(value, Date.parse('2026-11-22T03:00:00Z'));
  return { dataset, time: new Date(time).toISOString(), ...Object.fromEntries(fields.entries()) };
};
const failed = 'Failed password for root from 203.0.113.7 port 22 ssh2';

describe('a record whose header a shipper took off', () => {
  test('is read as the program that it names, with the time of the record', () => {
    expect(
      read({
        '@timestamp': '2026-11-22T02:00:00Z',
        SYSLOG_IDENTIFIER: 'sshd',
        PRIORITY: '6',
        MESSAGE: failed,
      }),
    ).toMatchObject({
      dataset: 'sshd.auth',
      time: '2026-11-22T02:00:00.000Z',
      'source.ip': '203.0.113.7',
      'log.syslog.severity.name': 'info',
      'process.name': 'sshd',
      message: failed,
    });
  });

  test('of a program without a parser is syslog', () => {
    expect(read({ ident: 'myapp', message: 'hello', host: 'gw-1' })).toMatchObject({
      dataset: 'linux.syslog',
      'process.name': 'myapp',
    });
  });

  test('keeps the dataset that its sender named', () => {
    expect(
      read({ event: { dataset: 'city.gate' }, SYSLOG_IDENTIFIER: 'sshd', MESSAGE: failed }),
    ).toMatchObject({ dataset: 'city.gate', 'source.ip': '203.0.113.7' });
  });
});

describe('the log line in a document', () => {
  const line = `Nov 22 09:07:13 gw-1 sshd[7]: ${failed}`;

  test('is not read where the shipper has read it', () => {
    const event = read({ event: { category: ['authentication'], dataset: 'system.auth' }, message: line });
    expect(event).toMatchObject({ dataset: 'system.auth', message: line });
  });

  test('gives the time, unless that is doubtful', () => {
    const sent = '2026-11-22T02:30:00Z';
    expect(read({ '@timestamp': sent, message: line }).time).toBe('2026-11-22T02:07:13.000Z');
    const ahead = line.replace('09:07:13', '23:00:00');
    expect(read({ '@timestamp': sent, message: ahead }).time).toBe('2026-11-22T02:30:00.000Z');
  });
});

describe('the JSON of a cloud service', () => {
  const trail = {
    eventVersion: '1.11',
    eventTime: '2026-11-22T01:00:00Z',
    eventSource: 'iam.amazonaws.com',
    eventName: 'CreateUser',
    awsRegion: 'us-east-1',
    sourceIPAddress: '203.0.113.7',
  };

  test('is known without being named, by its own time, also as text in a shipper’s message', () => {
    const expected = {
      dataset: 'aws.cloudtrail',
      time: '2026-11-22T01:00:00.000Z',
      eventName: 'CreateUser',
      'event.action': 'CreateUser',
      'source.ip': '203.0.113.7',
    };
    expect(read(trail)).toMatchObject(expected);
    const carried = { '@timestamp': '2026-11-22T02:00:00Z', message: JSON.stringify(trail) };
    expect(read(carried)).toMatchObject(expected);
    expect(read({ ...carried, event: { dataset: 'aws.cloudtrail' } })).toMatchObject(expected);
  });

  test('of Microsoft 365 has a time in UTC that does not say so', () => {
    const event = { RecordType: 8, Operation: 'X', Workload: 'Exchange', OrganizationId: '1', UserId: 'lan' };
    expect(read({ ...event, CreationTime: '2026-11-22T01:00:00' }).time).toBe('2026-11-22T01:00:00.000Z');
  });
});

test('JSON within JSON within JSON ends, and the rest stays what it is', () => {
  let value: object = { message: 'innermost text of all' };
  for (let depth = 0; depth < 12; depth++)
    value = { message: JSON.stringify(value), [`level${depth}`]: depth };
  expect(read(value)).toMatchObject({ level11: 11 });
});

test('no combination of the names that shippers use makes the reading throw', () => {
  const names = [
    'MESSAGE', 'message', 'log', 'ident', 'program', 'SYSLOG_IDENTIFIER', '_PID', 'PRIORITY', 'SYSLOG_FACILITY',
    'eventVersion', 'eventName', 'eventSource', 'awsRegion', 'category', 'operationName', 'time', 'tenantId',
    'event_id.id', 'channel', 'event_data.x', 'auditd.message_type', 'event.module', 'event.action', 'process.args',
    'event.dataset', 'published', 'eventType', 'outcome.result', 'actor.alternateId', '@timestamp',
  ]; // biome-ignore format: a list
  const value = fc.oneof(
    fc.string(),
    fc.constantFrom('executed', 'sshd', 'auditd', 'SignInLogs', '{"a":1}', '{"message":"x"}', 'system.auth'),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.array(fc.string(), { maxLength: 3 }),
  );
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...names), value), (given) => {
      const event = document(given, 1_795_266_000_000);
      expect(event.dataset).toMatch(/^[a-z0-9]/);
      expect(Number.isFinite(event.time)).toBe(true);
      const seen = [...event.fields.entries()].map(([name]) => name);
      expect(new Set(seen).size).toBe(seen.length);
    }),
    { numRuns: 300 },
  );
});
