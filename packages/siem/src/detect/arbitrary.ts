import type { Event, FieldValue } from '@kydai/contracts';
import fc from 'fast-check';

/** Generated rules and events that often meet, for the differential tests. */

/** An event of the dataset `s`. */
export function eventOf(fields: Readonly<Record<string, FieldValue>>, raw = ''): Event {
  return {
    id: 'e',
    time: 0,
    received: 0,
    source: 's',
    dataset: 's',
    fields: new Map(Object.entries(fields)),
    raw,
  };
}

const word = fc.stringMatching(/^[abK]{1,9}$/);
const name = fc.constantFrom('x', 'y', 'User');
const text = fc.oneof(
  word,
  fc.tuple(word, fc.constantFrom('*', '?', '\\*'), word).map((parts) => parts.join('')),
);
const modifiers = fc.constantFrom(
  '',
  '|contains',
  '|startswith',
  '|endswith',
  '|cased',
  '|contains|cased',
  '|contains|all',
);
const regex = fc.constantFrom(
  'a+b',
  '(ab|ba)a',
  '[ab]{3}',
  'a?b?K',
  '(?i)ka',
  '^ab',
  'b$',
  '(a|b*)K',
  'aa.bb',
  '.{5,}',
);
const item = fc.oneof(
  fc.tuple(name, modifiers, fc.array(text, { minLength: 1, maxLength: 3 })).map(([field, how, values]) => {
    return `${field}${how}: [${values.map((value) => `'${value}'`).join(', ')}]`;
  }),
  fc.tuple(name, regex).map(([field, value]) => `${field}|re: '${value}'`),
  fc.tuple(name, fc.boolean()).map(([field, there]) => `${field}|exists: ${there}`),
  name.map((field) => `${field}|fieldref: y`),
  name.map((field) => `${field}: null`),
);
const search = fc.oneof(
  fc
    .uniqueArray(item, { minLength: 1, maxLength: 3, selector: (line) => line.split(':')[0] })
    .map((items) => items.map((line) => `    ${line}`).join('\n')),
  fc
    .array(word, { minLength: 1, maxLength: 2 })
    .map((words) => words.map((one) => `    - '${one}'`).join('\n')),
);
const condition = fc.constantFrom(
  'a and not b',
  'a or b',
  '1 of them and not c',
  'all of them',
  'not a',
  'a and (b or not c)',
);
const value = fc.oneof(
  fc.stringMatching(/^[abkAK*\u212a]{0,12}$/),
  fc.array(word, { maxLength: 2 }),
  fc.constant(null),
  fc.integer(),
);
const event: fc.Arbitrary<Event> = fc
  .tuple(
    fc.dictionary(fc.constantFrom('x', 'y', 'User', 'user.name', 'z'), value),
    fc.stringMatching(/^[abK]{0,6}$/),
  )
  .map(([fields, raw]) => eventOf(fields as Record<string, FieldValue>, raw));

const ruleText = fc
  .tuple(search, search, search, condition)
  .map(
    ([a, b, c, when]) =>
      `title: T\nlogsource: { service: s }\ndetection:\n  a:\n${a}\n  b:\n${b}\n  c:\n${c}\n  condition: ${when}\n`,
  );

/** YAML texts of rules for the service `s`. */
export function ruleTexts(): fc.Arbitrary<string> {
  return ruleText;
}

export function events(): fc.Arbitrary<Event> {
  return event;
}
