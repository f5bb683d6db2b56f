import { expect, test } from 'vitest';
import { createIntake, type ReadFrame } from './intake.ts';
import { readTopicMessage } from './message.ts';
import { MemoryStore } from './store.fixture.ts';

const now = Date.parse('2026-11-21T03:00:00Z');
const intake = createIntake({ store: new MemoryStore(), clock: { now: () => now }, onEvents: () => {} });
const read = (payload: string | Uint8Array, topic = 'city/cam/1') =>
  readTopicMessage(intake, { topic, payload: typeof payload === 'string' ? Buffer.from(payload) : payload });
const field = (frame: ReadFrame | string, name: string) => (frame as ReadFrame).normalised.fields.get(name);

test('a JSON object keeps its fields, its dataset and its time', () => {
  const frame = read(
    '{"event.dataset":"camera.log","@timestamp":"2026-11-21T02:00:00Z","temperature":{"board":41}}',
  );
  expect(frame).toMatchObject({ normalised: { dataset: 'camera.log', time: now - 3600_000, parsed: true } });
  expect(field(frame, 'temperature.board')).toBe(41);
  expect(field(frame, 'mqtt.topic')).toBe('city/cam/1');
});

test('a log line is read as one, and other text is a message', () => {
  const line = read('<13>Nov 21 10:00:00 cam-1 app: door open');
  expect(line).toMatchObject({ normalised: { dataset: 'linux.syslog' } });
  expect(field(line, 'host.name')).toBe('cam-1');
  const text = read('23.5');
  expect(text).toMatchObject({ raw: '23.5', normalised: { dataset: 'mqtt.message', time: now } });
  expect(field(text, 'message')).toBe('23.5');
});

test('a payload cannot write the topic that it did not come by', () => {
  for (const payload of [
    '{"mqtt.topic":"city/other"}',
    '{"mqtt":{"topic":"city/other"}}',
    '{"mqtt":{"topic":["a"]}}',
  ])
    expect(field(read(payload), 'mqtt.topic')).toBe('city/cam/1');
});

test('what is malformed is kept and flagged, and what is too large is refused', () => {
  expect(field(read(new Uint8Array([0x7b, 0xff, 0xfe, 0x00])), 'error.message')).toMatch(/./);
  expect(read(`{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`)).toMatchObject({ bytes: 20_006 });
  expect(read(`{"a":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_001)}`)).toMatchObject({
    raw: expect.any(String),
  });
  expect(read('')).toMatchObject({ bytes: 0 });
  expect(read(new Uint8Array(256 * 1024 + 1))).toBe('line-too-long');
  expect(read('x', 't'.repeat(513))).toBe('topic-too-long');
});
