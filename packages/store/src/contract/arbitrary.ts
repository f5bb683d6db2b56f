import type { Event, EventFilter, FieldValue } from '@kydai/contracts';
import fc from 'fast-check';
import { noon, sample } from './samples.ts';

/** Values on which filters are likely to disagree: case, numbers as text, addresses, wildcards, odd Unicode, odd names. */
const texts = [
  'sshd',
  'SSHD',
  'Sshd',
  '',
  ' ',
  '22',
  '022',
  '22.0',
  '-5',
  '1e3',
  '1e400',
  'true',
  'TRUE',
  'null',
  '10.1.2.3',
  '10.1.2.30',
  '10.255.0.1',
  '::ffff:10.1.2.3',
  '2001:db8::1',
  '2001:DB8:0:0::1',
  '::1',
  '1::2::3',
  ':::',
  '300.1.1.1',
  'a*b',
  'a?b',
  'a\\b',
  "O'Brien",
  '"quoted"',
  '%',
  '_',
  'a%b_c',
  'Đường Huế',
  'đường huế',
  'ΣΊΣΥΦΟΣ',
  'İstanbul',
  'ẞ',
  '😀',
  '\uffff',
  'a\nb',
  'nul\0l',
  '[x]',
  'a.b+c',
  'K',
  '--',
  '{"a":1}',
] as const;
const names = [
  'process.name',
  'source.ip',
  'user.name',
  'source.port',
  'http.response.status_code',
  'custom.field',
  'o\'dd "name"',
  'a/b~c',
  'labels.0',
  '0',
  'tên',
  'id',
  'source',
  'dataset',
  'event.dataset',
  'raw',
  '__proto__',
  'odd',
  'rest',
  'time',
] as const;

const text = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...texts) },
  {
    weight: 1,
    arbitrary: fc.string({ unit: 'grapheme', maxLength: 6 }).map((given) => given.toWellFormed()),
  },
);
const number = fc.oneof(
  fc.constantFrom(22, 0, -5, 1000, 0.5, 1e21, 1e-7, Number.MAX_SAFE_INTEGER, 2 ** 60, -0),
  fc.integer({ min: -30, max: 30 }),
);
const name = fc.constantFrom(...names);
const fieldValue: fc.Arbitrary<FieldValue> = fc.oneof(
  { weight: 5, arbitrary: text },
  { weight: 2, arbitrary: number },
  { weight: 1, arbitrary: fc.boolean() },
  { weight: 1, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.array(text, { maxLength: 3 }) },
);

export const anyEvent: fc.Arbitrary<Event> = fc
  .record({
    time: fc.integer({ min: noon - 3_600_000, max: noon }),
    source: text,
    dataset: fc.constantFrom('sshd.auth', 'SSHD.Auth', "o'x/../y"),
    raw: fc.array(text, { maxLength: 3 }).map((parts) => parts.join(' ')),
    fields: fc.array(fc.tuple(name, fieldValue), { maxLength: 6 }),
  })
  .map(({ fields, ...rest }) => ({ ...sample(rest), fields: new Map(fields) }));

const pattern = fc.oneof(
  fc.constantFrom(
    '*',
    '*s*',
    's*',
    '*d',
    'ss?d',
    's*h*',
    '??',
    '\\*',
    'a\\*b',
    'a\\?b',
    '*.*',
    '10.*',
    '*%*',
    '_',
    '*huế',
    'a**b',
    '?*',
    '*\n*',
    '2*',
    '-?',
    'ΣΊΣ*',
  ),
  text,
);
const bound = fc.oneof(number, text);
const leaf: fc.Arbitrary<EventFilter> = fc.oneof(
  fc.record({ op: fc.constant('equals' as const), field: name, value: fc.oneof(text, number, fc.boolean()) }),
  fc.record({
    op: fc.constant('among' as const),
    field: name,
    values: fc.array(fc.oneof(text, number.map(String)), { maxLength: 3 }),
  }),
  fc.record({ op: fc.constant('wildcard' as const), field: name, pattern }),
  fc.record({ op: fc.constant('exists' as const), field: name }),
  fc.record({ op: fc.constant('text' as const), text }),
  fc.record({
    op: fc.constant('cidr' as const),
    field: name,
    network: fc.constantFrom(
      '10.0.0.0/8',
      '10.1.2.0/27',
      '10.1.2.3/32',
      '0.0.0.0/0',
      '2001:db8::/32',
      '::/0',
      '::1/128',
    ),
  }),
  fc
    .tuple(name, fc.constantFrom('gt', 'gte', 'lt', 'lte'), bound, fc.option(bound, { nil: undefined }))
    .map(([field, low, a, b]) => ({
      op: 'range' as const,
      field,
      [low]: a,
      ...(b !== undefined && { lte: b }),
    })),
);

export const anyFilter: fc.Arbitrary<EventFilter> = fc.letrec<{ filter: EventFilter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    fc.record({
      op: fc.constantFrom('and' as const, 'or' as const),
      filters: fc.array(tie('filter'), { maxLength: 3 }),
    }),
    fc.record({ op: fc.constant('not' as const), filter: tie('filter') }),
  ),
})).filter;
