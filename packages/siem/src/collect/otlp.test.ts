import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createIntake } from './intake.ts';
import { createOtlpLogsHandler } from './otlp.ts';
import { readExportRequest, WireFault, writeExportResponse } from './otlp-protobuf.ts';
import { MemoryStore } from './store.fixture.ts';

function setUp(limits: Parameters<typeof createOtlpLogsHandler>[0]['limits'] = {}) {
  const store = new MemoryStore();
  const intake = createIntake({ store, clock: { now: () => 1_795_266_000_000 }, onEvents: () => {} });
  const handler = createOtlpLogsHandler({ intake, limits });
  const post = (body: string | Uint8Array, type: string, headers: Record<string, string> = {}) =>
    handler(
      new Request('http://localhost/v1/logs', {
        method: 'POST',
        body,
        headers: { 'content-type': type, ...headers },
        duplex: 'half',
      }),
      { address: '10.0.0.4' },
    );
  return { store, intake, post };
}

const json = {
  resourceLogs: [
    {
      resource: {
        attributes: [
          { key: 'host.name', value: { stringValue: 'vm-1' } },
          { key: 'service.name', value: { stringValue: 'gate' } },
        ],
      },
      scopeLogs: [
        {
          scope: { name: 'auth' },
          logRecords: [
            {
              timeUnixNano: '1795265999123456789',
              severityText: 'WARN',
              body: { stringValue: 'door forced' },
              traceId: '0af7651916cd43dd8448eb211c80319c',
              attributes: [
                { key: 'user.name', value: { stringValue: 'lan' } },
                { key: 'n', value: { intValue: '7' } },
                { key: 'big', value: { intValue: '9223372036854775807' } },
                {
                  key: 'list',
                  value: { arrayValue: { values: [{ stringValue: 'a' }, { boolValue: true }] } },
                },
                {
                  key: 'map',
                  value: { kvlistValue: { values: [{ key: 'x', value: { doubleValue: 1.5 } }] } },
                },
              ],
            },
          ],
        },
      ],
    },
  ],
};
const fields = {
  'host.name': 'vm-1',
  'service.name': 'gate',
  message: 'door forced',
  'log.level': 'warn',
  'trace.id': '0af7651916cd43dd8448eb211c80319c',
  'log.logger': 'auth',
  'user.name': 'lan',
  n: 7,
  big: '9223372036854775807',
  list: ['a', 'true'],
  'map.x': 1.5,
};

/** A writer of the wire format, written apart from the reader. */
const bytes = (...parts: (number | Uint8Array)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.from([part]) : part)));
const long = (value: bigint): Buffer =>
  value < 128n ? Buffer.from([Number(value)]) : bytes(Number(value & 127n) | 128, long(value >> 7n));
const message = (field: number, content: Uint8Array) =>
  bytes(long(BigInt(field * 8 + 2)), long(BigInt(content.length)), content);
const text = (field: number, value: string) => message(field, Buffer.from(value));
const fixed = (field: number, value: bigint) => {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(value);
  return bytes(field * 8 + 1, buffer);
};
const double = (value: number) => {
  const buffer = Buffer.alloc(8);
  buffer.writeDoubleLE(value);
  return bytes(4 * 8 + 1, buffer);
};
const pair = (key: string, value: Uint8Array) => bytes(text(1, key), message(2, value));
const wire = message(
  1,
  bytes(
    message(
      1,
      bytes(
        message(1, pair('host.name', text(1, 'vm-1'))),
        message(1, pair('service.name', text(1, 'gate'))),
      ),
    ),
    message(
      2,
      bytes(
        message(1, text(1, 'auth')),
        message(
          2,
          bytes(
            fixed(1, 1795265999123456789n),
            text(3, 'WARN'),
            message(5, text(1, 'door forced')),
            message(9, Buffer.from('0af7651916cd43dd8448eb211c80319c', 'hex')),
            message(6, pair('user.name', text(1, 'lan'))),
            message(6, pair('n', bytes(24, 7))),
            message(6, pair('big', bytes(24, long(9223372036854775807n)))),
            message(6, pair('list', message(5, bytes(message(1, text(1, 'a')), message(1, bytes(16, 1)))))),
            message(6, pair('map', message(6, message(1, pair('x', double(1.5)))))),
            bytes(8 * 8 + 5, Buffer.alloc(4)),
          ),
        ),
      ),
    ),
  ),
);

describe('OTLP logs', () => {
  test.each([
    ['JSON', JSON.stringify(json), 'application/json', {}],
    ['protobuf', wire, 'application/x-protobuf', {}],
    ['gzipped protobuf', gzipSync(wire), 'application/x-protobuf', { 'content-encoding': 'gzip' }],
  ])('in %s become events with the same fields', async (_, body, type, headers) => {
    const { store, post } = setUp();
    const response = await post(body, type, headers);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain(type);
    expect((await response.arrayBuffer()).byteLength).toBe(type.endsWith('json') ? 2 : 0);
    expect(store.events).toHaveLength(1);
    expect(store.events[0]!.time).toBe(1795265999123);
    expect(Object.fromEntries(store.events[0]!.fields.entries())).toMatchObject(fields);
  });

  test('with a log line for a body are read inside', async () => {
    const { store, post } = setUp();
    const line = 'Nov 21 20:26:00 vm sshd[5]: Failed password for root from 10.0.0.8 port 5 ssh2';
    const request = { resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: line } }] }] }] };
    await post(JSON.stringify(request), 'application/json');
    expect(store.events[0]).toMatchObject({ dataset: 'sshd.auth' });
  });

  test('that are not records are counted in a partial success', async () => {
    const { intake, post } = setUp();
    const request = {
      resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: 'a' } }, 'x', null] }] }],
    };
    const response = await post(JSON.stringify(request), 'application/json');
    expect(await response.json()).toEqual({
      partialSuccess: { rejectedLogRecords: '2', errorMessage: '2 log records were not taken' },
    });
    expect(intake.ledgers()[0]).toMatchObject({ received: 3, kept: 1, refused: 2 });
  });

  test.each([
    ['cut off', wire.subarray(0, -3), 'application/x-protobuf', 400],
    ['no protobuf', Buffer.from('hello'), 'application/x-protobuf', 400],
    ['no JSON', '{', 'application/json', 400],
    ['of another type', '{}', 'text/plain', 415],
  ])('%s are refused with a status', async (_, body, type, status) => {
    const { store, post } = setUp();
    expect((await post(body, type)).status).toBe(status);
    expect(store.events).toEqual([]);
  });

  test('nested without end are refused, not followed', () => {
    let value: Buffer = text(1, 'x');
    for (let depth = 0; depth < 200; depth++) value = message(5, message(1, value));
    const request = message(1, message(2, message(2, message(5, value))));
    expect(() => readExportRequest(request)).toThrow(WireFault);
  });

  test('of any bytes are read or refused, and nothing else', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.nat(wire.length - 1),
        fc.nat(255),
        (noise, at, byte) => {
          const changed = Buffer.from(wire);
          changed[at] = byte;
          for (const body of [Buffer.from(noise), changed]) {
            try {
              readExportRequest(body);
            } catch (fault) {
              expect(fault).toBeInstanceOf(WireFault);
            }
          }
        },
      ),
      { numRuns: 200 },
    );
  }, 30_000);

  test('are answered with a partial success that protobuf reads', () => {
    expect(writeExportResponse(300, 'no').toString('hex')).toBe(`0a0708ac0212026e6f`);
  });
});

describe('a log record', () => {
  const record = (more: object, attributes: Record<string, string> = {}) => ({
    resourceLogs: [
      {
        scopeLogs: [
          {
            logRecords: [
              {
                timeUnixNano: '1795265999999999999',
                body: { stringValue: 'x' },
                attributes: Object.entries(attributes).map(([key, value]) => ({
                  key,
                  value: { stringValue: value },
                })),
                ...more,
              },
            ],
          },
        ],
      },
    ],
  });
  const send = async (...requests: object[]) => {
    const { store, intake, post } = setUp();
    for (const request of requests) {
      const response = await post(JSON.stringify(request), 'application/json');
      expect(await response.json()).toEqual({});
    }
    return { events: store.events, ledger: intake.ledgers()[0]! };
  };

  test('keeps its nanoseconds in the raw document, and when it was first seen', async () => {
    const { events } = await send(record({ observedTimeUnixNano: '1795266000000000001' }));
    expect(JSON.parse(events[0]!.raw)).toMatchObject({
      '@timestamp': '2026-11-21T12:59:59.999999999Z',
      'event.created': '2026-11-21T13:00:00.000000001Z',
    });
    expect(events[0]!.time).toBe(1_795_265_999_999);
  });

  test('that comes again is acknowledged and not stored twice; one a nanosecond later is another', async () => {
    const later = record({ timeUnixNano: '1795265999999999998' });
    const { events, ledger } = await send(record({}), record({}), later, later);
    expect(events).toHaveLength(2);
    expect(ledger).toMatchObject({ received: 4, kept: 2, refused: 2, reasons: { 'sent-before': 2 } });
  });

  test('is known by its own id where it has one', async () => {
    const one = record({}, { 'log.record.uid': '01J' });
    const { events } = await send(one, record({}, { 'log.record.uid': '01K' }), one);
    expect(events.map((event) => event.fields.get('event.id'))).toEqual(['01J', '01K']);
  });

  test('gains the ECS names of what it says in those of OpenTelemetry', async () => {
    const { events } = await send(
      record(
        { severityNumber: 17 },
        {
          'client.address': '203.0.113.7',
          'server.address': 'db',
          'exception.message': 'no',
          'user.name': 'lan',
        },
      ),
    );
    const fields = Object.fromEntries(events[0]!.fields.entries());
    expect(fields).toMatchObject({
      'source.ip': '203.0.113.7',
      'client.address': '203.0.113.7',
      'error.message': 'no',
      'log.level': 'error',
      'user.name': 'lan',
    });
    expect(fields).not.toHaveProperty('destination.ip');
  });
});
