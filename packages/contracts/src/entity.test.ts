import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entityTypes, formatEntityRef, parseEntityRef } from './entity.ts';
import { toEventDocument } from './event.ts';

describe('entity references', () => {
  it('survive being written and read, whatever the id holds', () => {
    const ref = fc.record({
      type: fc.constantFrom(...entityTypes),
      id: fc.string({ minLength: 1, maxLength: 256 }),
    });
    fc.assert(
      fc.property(ref, (each) => {
        expect(parseEntityRef(formatEntityRef(each))).toEqual(each);
      }),
    );
  });

  it.each(['', 'device', ':x', 'device:', 'robot:x', `device:${'x'.repeat(257)}`])('`%s` is none', (text) => {
    expect(parseEntityRef(text)).toBeUndefined();
  });
});

describe('the document of an event', () => {
  it('says times as RFC 3339 and fields flat', () => {
    const fields = new Map<string, string | number>([
      ['source.ip', '192.0.2.1'],
      ['source.port', 22],
    ]);
    const event = { id: 'e', time: 0, received: 1, source: 's', dataset: 'd', fields, raw: 'r' };
    expect(toEventDocument(event)).toEqual({
      id: 'e',
      time: '1970-01-01T00:00:00.000Z',
      received: '1970-01-01T00:00:00.001Z',
      source: 's',
      dataset: 'd',
      fields: { 'source.ip': '192.0.2.1', 'source.port': 22 },
      raw: 'r',
    });
  });
});
