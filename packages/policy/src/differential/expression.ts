import type { Random } from './random.ts';

/** The types that random expressions have, and for each attribute name the type it is meant to have. */
export const attributeTypes = {
  n: 'long',
  ['__proto__']: 'long',
  s: 'string',
  constructor: 'string',
  b: 'bool',
  e: 'entity',
  ss: 'strings',
  es: 'entities',
  r: 'record',
  d: 'decimal',
  i: 'ip',
  t: 'datetime',
  u: 'duration',
} as const;

export type Kind = (typeof attributeTypes)[keyof typeof attributeTypes];
export const attributeNames = Object.keys(attributeTypes) as (keyof typeof attributeTypes)[];
export const kinds = [...new Set(Object.values(attributeTypes))];

export const entityTypes = ['A', 'B', 'N::C', 'N::M::D'];
export const ids = ['', 'a', 'b', '__proto__', 'constructor', 'q"\\', 'é😀', '\u0000'];
export const strings = ['', 'a', 'ab', 'aab', '*', 'é', '😀', 'a*b', '\\', '\n', '__proto__'];
export const longs = [
  '0',
  '1',
  '-1',
  '2',
  '7',
  '9007199254740991',
  '9007199254740992',
  '9007199254740993',
  '-9007199254740993',
  '9223372036854775807',
  '-9223372036854775808',
  '3037000500',
];
export const decimals = [
  '0.0',
  '1.0',
  '1.00',
  '-1.5',
  '0.0001',
  '922337203685477.5807',
  '-922337203685477.5808',
];
export const ips = [
  '127.0.0.1',
  '10.0.0.0/8',
  '10.1.2.3',
  '10.1.2.3/32',
  '0.0.0.0/0',
  '224.0.0.1',
  '224.0.0.0/3',
  '::1',
  '::/0',
  'ff00::/8',
  '1:2:3:4:5:6:7:8/64',
  '127.0.0.0/7',
];
export const datetimes = [
  '1970-01-01',
  '2026-11-21',
  '2026-11-21T08:00:00Z',
  '2026-11-21T08:00:00.123+0700',
  '1969-12-31T23:59:59.999Z',
  '0000-01-01',
  '9999-12-31T23:59:59Z',
];
export const durations = [
  '0ms',
  '1d',
  '1d2h3m4s5ms',
  '-1h',
  '24h',
  '9223372036854775807ms',
  '-9223372036854775808ms',
];
const malformed = [
  '',
  'x',
  '1',
  '1.',
  '256.0.0.1',
  '01.0.0.1',
  '1.2.3.4/33',
  '2026-02-30',
  '1h1d',
  '1.23456',
  '::1::',
];

/** Cedar source text of a string. */
export function quote(text: string): string {
  const escaped = [...text].map((point) => {
    if (point === '"' || point === '\\') return `\\${point}`;
    return point < ' ' ? `\\u{${point.codePointAt(0)!.toString(16)}}` : point;
  });
  return `"${escaped.join('')}"`;
}

export function entityLiteral(random: Random): string {
  return `${random.pick(entityTypes)}::${quote(random.pick(ids))}`;
}

const variables = ['principal', 'resource', 'context', 'principal', 'resource', 'context', 'action'];

/** Writes random expressions, well-typed for the most part, so that evaluation gets deep before it fails. */
export class ExpressionWriter {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  write(kind: Kind, depth: number): string {
    const random = this.#random;
    if (random.chance(0.02)) return this.write(random.pick(kinds), Math.max(0, depth - 1));
    if (depth > 0 && random.chance(0.06)) {
      const [test, then, otherwise] = [
        this.write('bool', depth - 1),
        this.write(kind, depth - 1),
        this.write(kind, depth - 1),
      ];
      return `(if ${test} then ${then} else ${otherwise})`;
    }
    if (random.chance(0.25)) return this.#attribute(kind, depth);
    return `(${this.#one(kind, depth)})`;
  }

  #attribute(kind: Kind, depth: number): string {
    const random = this.#random;
    const fitting = attributeNames.filter((name) => attributeTypes[name] === kind);
    const name = random.pick(fitting);
    const nested = depth > 0 && random.chance(0.3);
    const owner = nested ? this.write(random.pick(['record', 'entity']), depth - 1) : random.pick(variables);
    return random.chance(0.5) ? `${owner}[${quote(name)}]` : `${owner}.${name}`;
  }

  #literal(kind: Kind): string {
    const random = this.#random;
    const call = (name: string, texts: readonly string[]) =>
      `${name}(${quote(random.pick(random.chance(0.05) ? malformed : texts))})`;
    switch (kind) {
      case 'long':
        return random.pick(longs);
      case 'string':
        return quote(random.pick(strings));
      case 'bool':
        return random.pick(['true', 'false']);
      case 'entity':
        return random.chance(0.4) ? random.pick(['principal', 'resource', 'action']) : entityLiteral(random);
      case 'strings':
        return `[${random.list(0, 3, () => quote(random.pick(strings))).join()}]`;
      case 'entities':
        return `[${random.list(0, 3, () => this.#literal('entity')).join()}]`;
      case 'record':
        return random.chance(0.3)
          ? 'context'
          : `{n: ${random.pick(longs)}, "s": ${quote(random.pick(strings))}}`;
      case 'decimal':
        return call('decimal', decimals);
      case 'ip':
        return call('ip', ips);
      case 'datetime':
        return call('datetime', datetimes);
      case 'duration':
        return call('duration', durations);
    }
  }

  #one(kind: Kind, depth: number): string {
    const random = this.#random;
    if (depth === 0) return this.#literal(kind);
    const sub = (of: Kind) => this.write(of, depth - 1);
    switch (kind) {
      case 'bool':
        return this.#bool(sub);
      case 'long': {
        const form = random.below(8);
        if (form < 3) return `${sub('long')} ${random.pick(['+', '-', '*'])} ${sub('long')}`;
        if (form === 3) return `-${sub('long')}`;
        if (form === 4)
          return `${sub('duration')}.${random.pick(['toMilliseconds', 'toSeconds', 'toMinutes', 'toHours', 'toDays'])}()`;
        if (form === 5) return `${sub('entity')}.getTag(${sub('string')})`;
        return this.#literal(kind);
      }
      case 'strings':
        return random.chance(0.5)
          ? `[${random.list(0, 3, () => sub('string')).join()}]`
          : this.#literal(kind);
      case 'entities':
        return random.chance(0.5)
          ? `[${random.list(0, 3, () => sub('entity')).join()}]`
          : this.#literal(kind);
      case 'record': {
        if (random.chance(0.4)) return this.#literal(kind);
        const names = attributeNames.filter(() => random.chance(0.25));
        return `{${names.map((name) => `${quote(name)}: ${sub(attributeTypes[name])}`).join()}}`;
      }
      case 'datetime': {
        const form = random.below(4);
        if (form === 0) return `${sub('datetime')}.offset(${sub('duration')})`;
        return form === 1 ? `${sub('datetime')}.toDate()` : this.#literal(kind);
      }
      case 'duration': {
        const form = random.below(4);
        if (form === 0) return `${sub('datetime')}.durationSince(${sub('datetime')})`;
        return form === 1 ? `${sub('datetime')}.toTime()` : this.#literal(kind);
      }
      default:
        return this.#literal(kind);
    }
  }

  #bool(sub: (kind: Kind) => string): string {
    const random = this.#random;
    switch (random.below(18)) {
      case 0:
      case 1:
        return `${sub('bool')} && ${sub('bool')}`;
      case 2:
      case 3:
        return `${sub('bool')} || ${sub('bool')}`;
      case 4:
        return `!${sub('bool')}`;
      case 5:
      case 6: {
        const kind = random.pick(kinds);
        return `${sub(kind)} ${random.pick(['==', '!='])} ${sub(random.chance(0.9) ? kind : random.pick(kinds))}`;
      }
      case 7: {
        const kind = random.pick(['long', 'long', 'datetime', 'duration', 'decimal'] as const);
        return `${sub(kind)} ${random.pick(['<', '<=', '>', '>='])} ${sub(kind)}`;
      }
      case 8:
        return `${sub('entity')} in ${sub(random.chance(0.7) ? 'entity' : 'entities')}`;
      case 9:
        return `principal in [${random.list(0, 3, () => sub(random.chance(0.9) ? 'entity' : 'long')).join()}]`;
      case 10: {
        const test = `${sub('entity')} is ${random.pick(entityTypes)}`;
        return random.chance(0.5) ? test : `${test} in ${sub('entity')}`;
      }
      case 11: {
        const path = random.list(1, 2, () => random.pick(attributeNames)).join('.');
        return `${sub(random.pick(['entity', 'record', 'record']))} has ${random.chance(0.7) ? path : quote(random.pick(attributeNames))}`;
      }
      case 12: {
        const pattern = random
          .list(0, 4, () => random.pick(['*', 'a', 'b', '\\*', '😀', '\\u{e9}', '\\\\']))
          .join('');
        return `${sub('string')} like "${pattern}"`;
      }
      case 13: {
        const set = random.pick(['strings', 'entities'] as const);
        return random.chance(0.2)
          ? `[[1], [2, 1], {a: 1}].contains(${random.pick(['[1]', '[1, 2]', '[1, 2, 2]', '{a: 1}', '{a: 2}'])})`
          : `${sub(set)}.contains(${sub(set === 'strings' ? 'string' : 'entity')})`;
      }
      case 14: {
        const set = random.pick(['strings', 'entities'] as const);
        return `${sub(set)}.${random.pick(['containsAll', 'containsAny'])}(${sub(set)})`;
      }
      case 15:
        return random.chance(0.5)
          ? `${sub('strings')}.isEmpty()`
          : `${sub('entity')}.hasTag(${sub('string')})`;
      case 16: {
        const name = random.pick(['lessThan', 'lessThanOrEqual', 'greaterThan', 'greaterThanOrEqual']);
        return `${sub('decimal')}.${name}(${sub('decimal')})`;
      }
      default: {
        const name = random.pick(['isIpv4', 'isIpv6', 'isLoopback', 'isMulticast', 'isInRange', 'isInRange']);
        return `${sub('ip')}.${name}(${name === 'isInRange' ? sub('ip') : ''})`;
      }
    }
  }
}
