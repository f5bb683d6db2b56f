import type { Event, EventFilter, FieldValue } from '@kydai/contracts';
import { checkFilter } from './check.ts';
import { expandIpv6, readNetwork } from './network.ts';
import { compareText, fold, globTest, numberIn, readGlob } from './text.ts';

export type EventTest = (event: Event) => boolean;

/** How one value is tested: text (and booleans as text), numbers. */
interface ValueTest {
  readonly text: (text: string) => boolean;
  readonly number: (value: number) => boolean;
}

/**
 * Whether an event satisfies a filter: the meaning of filters, which the SQL is tested against.
 *
 * A field holds a value, or a list of which any may match. Text folds case. A number equals a text that spells it; a
 * text that spells a number can be in a numeric range. `id`, `source`, `dataset` (also `event.dataset`) and `raw` are
 * the event's own. Null is the same as absent. Throws `query` for a filter that makes no sense.
 */
export function matchesFilter(filter: EventFilter, event: Event): boolean {
  return compileFilter(filter)(event);
}

/** `matchesFilter`, prepared once for many events. */
export function compileFilter(filter: EventFilter): EventTest {
  checkFilter(filter);
  return compile(filter);
}

function compile(filter: EventFilter): EventTest {
  switch (filter.op) {
    case 'and': {
      const tests = filter.filters.map(compile);
      return (event) => tests.every((test) => test(event));
    }
    case 'or': {
      const tests = filter.filters.map(compile);
      return (event) => tests.some((test) => test(event));
    }
    case 'not': {
      const test = compile(filter.filter);
      return (event) => !test(event);
    }
    case 'text': {
      const wanted = fold(filter.text);
      return (event) => fold(event.raw).includes(wanted);
    }
    default: {
      const { field } = filter;
      const test = valueTest(filter);
      return (event) => testValue(fieldOf(event, field), test);
    }
  }
}

/** A field of an event by name; the event's own names come before its fields. */
export function fieldOf(event: Event, name: string): FieldValue | undefined {
  switch (name) {
    case 'id':
      return event.id;
    case 'source':
      return event.source;
    case 'dataset':
    case 'event.dataset':
      return event.dataset;
    case 'raw':
      return event.raw;
    default:
      return event.fields.get(name);
  }
}

function testValue(value: FieldValue | undefined, test: ValueTest): boolean {
  if (typeof value === 'string') return test.text(value);
  if (typeof value === 'number') return Number.isFinite(value) && test.number(value);
  if (typeof value === 'boolean') return test.text(String(value));
  return Array.isArray(value) && value.some((one) => test.text(String(one)));
}

type FieldFilter = Exclude<EventFilter, { readonly op: 'and' | 'or' | 'not' | 'text' }>;

function valueTest(filter: FieldFilter): ValueTest {
  switch (filter.op) {
    case 'exists':
      return { text: () => true, number: () => true };
    case 'equals': {
      const wanted = fold(String(filter.value));
      const spelt = numberIn(wanted);
      return {
        text: (text) => fold(text) === wanted,
        number: (value) => value === spelt,
      };
    }
    case 'among': {
      const wanted = new Set(filter.values.map(fold));
      const spelt = new Set([...wanted].map(numberIn));
      return { text: (text) => wanted.has(fold(text)), number: (value) => spelt.has(value) };
    }
    case 'wildcard': {
      const test = globTest(readGlob(filter.pattern));
      return { text: (text) => test(fold(text)), number: (value) => test(String(value)) };
    }
    case 'cidr': {
      const network = readNetwork(filter.network)!;
      if (network.version === 4) {
        const pattern = new RegExp(`^${network.pattern}$`);
        return { text: (text) => pattern.test(fold(text)), number: () => false };
      }
      const within = (hex: string | undefined) =>
        hex !== undefined && hex >= network.first && hex <= network.last;
      return { text: (text) => within(expandIpv6(fold(text))), number: () => false };
    }
    case 'range': {
      const tests = rangeBounds(filter).map(({ operator, bound }) => boundTest(operator, bound));
      return {
        text: (text) => tests.every((test) => test.text(text)),
        number: (value) => tests.every((test) => test.number(value)),
      };
    }
  }
}

export type Operator = '>' | '>=' | '<' | '<=';

export function rangeBounds(
  filter: EventFilter & { readonly op: 'range' },
): readonly { readonly operator: Operator; readonly bound: number | string }[] {
  const bounds = [
    { operator: '>', bound: filter.gt },
    { operator: '>=', bound: filter.gte },
    { operator: '<', bound: filter.lt },
    { operator: '<=', bound: filter.lte },
  ] as const;
  return bounds.flatMap(({ operator, bound }) => (bound === undefined ? [] : [{ operator, bound }]));
}

function holds(order: number, operator: Operator): boolean {
  if (operator === '>') return order > 0;
  if (operator === '>=') return order >= 0;
  return operator === '<' ? order < 0 : order <= 0;
}

function boundTest(operator: Operator, bound: number | string): ValueTest {
  if (typeof bound === 'string') {
    const limit = fold(bound);
    return { text: (text) => holds(compareText(fold(text), limit), operator), number: () => false };
  }
  const number = (value: number) => holds(value < bound ? -1 : Number(value > bound), operator);
  return {
    number,
    text(text) {
      const value = numberIn(text);
      return value !== undefined && number(value);
    },
  };
}
