import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createNormaliser } from './normalise.ts';

const received = Date.parse('2026-11-21T13:30:00Z');
const normaliser = createNormaliser({ zone: '+07:00' });
const read = (text: string) => {
  const { time, dataset, parsed, count, fields } = normaliser.line(text, received);
  return {
    time: new Date(time).toISOString(),
    dataset,
    parsed,
    count,
    ...Object.fromEntries(fields.entries()),
  };
};

describe('a traditional syslog line', () => {
  test('gives host, program, process id and message, in the zone of the configuration', () => {
    expect(read('<13>Nov 21 20:26:00 vm-1 app[77]: hello there')).toEqual({
      time: '2026-11-21T13:26:00.000Z',
      dataset: 'linux.syslog',
      parsed: true,
      count: 1,
      'log.syslog.facility.name': 'user',
      'log.syslog.severity.name': 'notice',
      'host.name': 'vm-1',
      'process.name': 'app',
      'process.pid': 77,
      message: 'hello there',
    });
  });

  test('of December that comes in November is last year’s, and flagged', () => {
    expect(read('<13>Dec 31 23:59:59 vm app: x')).toMatchObject({
      time: '2025-12-31T16:59:59.000Z',
      'kydai.time_flag': 'year',
    });
  });

  test.each([
    ['with an RFC 3339 time', '<13>2026-11-21T20:26:00.5+07:00 vm app: x', '2026-11-21T13:26:00.500Z'],
    ['with a year after the day', '<13>Nov 21 2026 20:26:00 vm app: x', '2026-11-21T13:26:00.000Z'],
    ['with a year after the time', '<13>Nov 21 20:26:00 2026 vm app: x', '2026-11-21T13:26:00.000Z'],
    ['with milliseconds', '<13>Nov 21 20:26:00.250 vm app: x', '2026-11-21T13:26:00.250Z'],
    ['with a one-digit day', '<13>Nov  1 20:26:00 vm app: x', '2026-11-01T13:26:00.000Z'],
    ['without a priority', 'Nov 21 20:26:00 vm app: x', '2026-11-21T13:26:00.000Z'],
  ])('%s is read', (_, line, time) => {
    expect(read(line)).toMatchObject({ time, 'host.name': 'vm', 'process.name': 'app', message: 'x' });
  });

  test('without a host or a time keeps the tag', () => {
    expect(read('<134>camera: action=reboot')).toMatchObject({
      dataset: 'camera.log',
      'event.action': 'reboot',
      'kydai.time_flag': 'none',
      time: '2026-11-21T13:30:00.000Z',
    });
    expect(read('<4>Nov 21 20:26:00 kernel: oops')).toMatchObject({
      'process.name': 'kernel',
      message: 'oops',
    });
  });

  test('whose clock is ahead, or in another zone, is flagged and not changed', () => {
    expect(read('<13>Nov 21 20:47:00 vm app: x')).toMatchObject({ 'kydai.time_flag': 'future' });
    expect(read('<13>Nov 21 13:30:10 vm app: x')).toMatchObject({
      'kydai.time_flag': 'zone',
      time: '2026-11-21T06:30:10.000Z',
    });
  });

  test.each(['+07:00', 'Asia/Ho_Chi_Minh'])(
    'of 31 February is read at its receipt, and flagged (%s)',
    (zone) => {
      const event = createNormaliser({ zone }).line(
        '<38>Feb 31 20:26:00 vm sshd[5]: Failed password for root from 10.0.0.8 port 5 ssh2',
        received,
      );
      expect(event).toMatchObject({ dataset: 'sshd.auth', time: received });
      expect(Object.fromEntries(event.fields.entries())).toMatchObject({
        'kydai.time_flag': 'invalid',
        'host.name': 'vm',
        'source.ip': '10.0.0.8',
      });
    },
  );

  test('without a time has no flag where its message gave one', () => {
    for (const message of [
      '<134>CEF:0|V|P|1|5|n|3|rt=Nov 21 2026 19:00:00 src=10.0.0.1',
      '<134>fw: {"@timestamp":"2026-11-21T12:00:00Z","a":1}',
      '<190>nginx: 10.0.0.1 - - [21/Nov/2026:19:00:00 +0700] "GET / HTTP/1.1" 200 5',
    ]) {
      expect(read(message)).toMatchObject({ time: '2026-11-21T12:00:00.000Z' });
      expect(read(message)).not.toHaveProperty(['kydai.time_flag']);
    }
    expect(read('<134>CEF:0|V|P|1|5|n|3|rt=Feb 31 2026 19:00:00 src=10.0.0.1')).toMatchObject({
      'kydai.time_flag': 'none',
    });
  });

  test('inside another one, as logger and relays make it, is read as what it is', () => {
    expect(
      read('<13>Nov 21 20:26:00 relay root: Nov 21 20:25:59 inner sshd[9]: Invalid user a from 10.0.0.1'),
    ).toMatchObject({
      dataset: 'sshd.auth',
      'host.name': 'inner',
      'observer.hostname': 'relay',
      'user.name': 'a',
      'process.pid': 9,
    });
  });
});

test('a line of a file with RFC 3339 times is read inside a syslog message and inside a document', () => {
  const line = '2026-11-21T20:25:59.5+07:00 inner sshd[9]: Invalid user a from 10.0.0.1';
  const fields = { dataset: 'sshd.auth', 'host.name': 'inner', 'source.ip': '10.0.0.1' };
  expect(read(`<13>Nov 21 20:26:00 relay root: ${line}`)).toMatchObject({
    ...fields,
    time: '2026-11-21T13:25:59.500Z',
  });
  expect(read(JSON.stringify({ message: line }))).toMatchObject({
    ...fields,
    time: '2026-11-21T13:25:59.500Z',
  });
  const plain = '2026-11-21T20:25:59.5+07:00 inner dhclient[9]: bound';
  expect(read(JSON.stringify({ message: plain }))).toMatchObject({
    dataset: 'linux.syslog',
    'process.name': 'dhclient',
  });
});

test('a long line is read like a short one, lone surrogates and all', () => {
  const user = `u\ud800${'x'.repeat(2000)}`;
  expect(read(`<38>Nov 21 20:26:00 vm sshd[1]: Invalid user ${user} from 10.0.0.1 port 7`)).toMatchObject({
    'user.name': user,
    'source.ip': '10.0.0.1',
    'source.port': 7,
  });
});

describe('an RFC 5424 line', () => {
  test('gives every part, with structured data unescaped', () => {
    expect(
      read(
        '<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog 1 ID47 [ex@32473 iut="3" q="a\\"b\\]"] \ufeffAn event',
      ),
    ).toMatchObject({
      time: '2003-10-11T22:14:15.003Z',
      'host.name': 'mymachine.example.com',
      'process.name': 'evntslog',
      'log.syslog.msgid': 'ID47',
      'log.syslog.structured_data.ex@32473.iut': '3',
      'log.syslog.structured_data.ex@32473.q': 'a"b]',
      message: 'An event',
    });
  });

  test('with nothing but dashes is still a line', () => {
    expect(read('<0>1 - - - - - -')).toMatchObject({ parsed: true, 'kydai.time_flag': 'none', message: '' });
  });

  test('of an exercise carries its mark', () => {
    expect(read('<13>1 - h camera - - [kydai@32473 drill="d-7"] action=reboot')).toMatchObject({
      dataset: 'camera.log',
      'kydai.drill': true,
      'kydai.drill.id': 'd-7',
    });
  });

  test.each([
    ['<192>1 - - - - - -', 'priority is not a number from 0 to 191'],
    ['<13>1 2026-11-21T20:26:00Z host', 'header of RFC 5424 is cut off'],
    ['<13>1 yesterday h a - - - x', 'timestamp is not RFC 3339'],
    ['<13>1 - h a - - [x y="1" z', 'structured data is malformed'],
    ['<13>1 - h a - - nil x', 'structured data is malformed'],
    ['<13>1 - h a - - -x', 'structured data is not followed by a space'],
    ['just words', 'no syslog header'],
  ])('`%s` is kept raw: %s', (line, reason) => {
    expect(read(line)).toMatchObject({ dataset: 'raw', parsed: false, 'error.message': reason });
  });
});

describe('a line that is JSON', () => {
  test('is a document, nested or dotted', () => {
    expect(
      read('{"@timestamp":"2026-11-21T13:00:00Z","source":{"ip":"10.0.0.1"},"user.name":"a"}'),
    ).toMatchObject({
      dataset: 'json',
      time: '2026-11-21T13:00:00.000Z',
      'source.ip': '10.0.0.1',
      'user.name': 'a',
    });
  });

  test('after a syslog header adds to what the header said', () => {
    expect(
      read('<134>Nov 21 20:26:00 cam-9 camera: {"event":{"action":"login_failed"},"user":{"name":"x"}}'),
    ).toMatchObject({
      dataset: 'camera.log',
      'device.id': 'cam-9',
      'event.outcome': 'failure',
      'user.name': 'x',
      time: '2026-11-21T13:26:00.000Z',
    });
  });

  test('with a log line in its message (as Filebeat sends it) is read inside too', () => {
    const message = 'Nov 21 20:26:00 vm sshd[5]: Failed password for root from 10.0.0.8 port 5 ssh2';
    expect(
      read(JSON.stringify({ '@timestamp': '2026-11-21T13:26:05Z', message, agent: { type: 'filebeat' } })),
    ).toMatchObject({
      dataset: 'sshd.auth',
      'event.outcome': 'failure',
      'source.ip': '10.0.0.8',
      'agent.type': 'filebeat',
      time: '2026-11-21T13:26:00.000Z',
    });
  });

  test('marks a drill by its field', () => {
    expect(read('{"kydai":{"drill":"d-1"},"a":1}')).toMatchObject({
      'kydai.drill': true,
      'kydai.drill.id': 'd-1',
    });
    expect(read('{"kydai.drill":false,"a":1}')).not.toHaveProperty(['kydai.drill']);
  });

  test('and broken is kept raw', () => {
    expect(read('{"a":')).toMatchObject({ dataset: 'raw', parsed: false });
  });
});

test('any text at all becomes an event, and nothing throws', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.stringMatching(/^<\d{1,4}>1 [-[\]"=a-z0-9 :.TZ\\]*$/),
    fc.stringMatching(/^<\d{1,3}>Nov 21 20:26:00 h (sshd|sudo|camera|nginx)\[?\d*\]?: [ -~]*$/),
    fc.json(),
  );
  fc.assert(
    fc.property(hostile, (text) => {
      const event = normaliser.line(text, received);
      expect(Number.isFinite(event.time)).toBe(true);
      expect(event.dataset).not.toBe('');
      expect(
        event.parsed || event.fields.get('error.message') !== undefined || event.dataset === 'json',
      ).toBe(true);
      const names = Array.from(event.fields.entries(), ([name]) => name);
      expect(new Set(names).size).toBe(names.length);
    }),
    { numRuns: 500 },
  );
}, 30_000);
