import type { EventFilter } from '@kydai/contracts';
import { checkFilter } from './check.ts';
import { columnTypes, identifier, literal, pointer } from './columns.ts';
import { rangeBounds } from './match.ts';
import { readNetwork } from './network.ts';
import { fold, globPattern, numberIn, numberPattern, readGlob } from './text.ts';

export type SqlValue = string | number | bigint | boolean;

/** A condition in DuckDB's SQL with `$1`, `$2`, ... for `values`. */
export interface Condition {
  readonly sql: string;
  readonly values: SqlValue[];
}

export interface Target {
  /** The optional columns that there are. What is not there is absent from every row, and conditions stay simple. */
  readonly columns: ReadonlySet<string>;
  /** The event's id as a text expression. */
  readonly id: string;
}

/** Tests of one value as SQL: of a text expression, and of a number as text and as number. */
interface ValueSql {
  readonly text: (expression: string) => string;
  readonly number: (text: string, number: string) => string;
  /** A shorter test of a whole column, where there is one. */
  readonly column?: (expression: string) => string;
}

/**
 * Compiles a filter to SQL over the lake's columns, with the meaning that `matchesFilter` has. Values become
 * parameters; field names become escaped identifiers and literals. `values` is appended to. Throws `query`.
 */
export function filterSql(filter: EventFilter, target: Target, values: SqlValue[]): string {
  checkFilter(filter);
  return new Compiler(target, values).condition(filter);
}

type FieldFilter = Exclude<EventFilter, { readonly op: 'and' | 'or' | 'not' | 'text' }>;

class Compiler {
  readonly #target: Target;
  readonly #values: SqlValue[];

  constructor(target: Target, values: SqlValue[]) {
    this.#target = target;
    this.#values = values;
  }

  condition(filter: EventFilter): string {
    switch (filter.op) {
      case 'and':
      case 'or': {
        if (filter.filters.length === 0) return filter.op === 'and' ? 'true' : 'false';
        return `(${filter.filters.map((inner) => this.condition(inner)).join(` ${filter.op} `)})`;
      }
      case 'not':
        // Two-valued: what is absent does not match, so its negation does.
        return `(not coalesce(${this.condition(filter.filter)}, false))`;
      case 'text':
        return filter.text === '' ? 'true' : `contains(lower(raw), ${this.#bind(fold(filter.text))})`;
      default:
        return this.#field(filter);
    }
  }

  #bind(value: SqlValue): string {
    this.#values.push(value);
    return `$${this.#values.length}`;
  }

  /** Binds when first used: DuckDB refuses parameters that its text does not name. */
  #late(value: SqlValue): () => string {
    let name: string | undefined;
    return () => {
      name ??= this.#bind(value);
      return name;
    };
  }

  #field(filter: FieldFilter): string {
    const { field } = filter;
    const test = this.#test(filter);
    const own = field === 'event.dataset' ? 'dataset' : field;
    if (own === 'id') return test.text(this.#target.id);
    if (own === 'source' || own === 'dataset' || own === 'raw') {
      return (test.column ?? test.text)(own);
    }
    const type = columnTypes.get(field);
    if (type === undefined) return this.#json('rest', field, test);
    const { columns } = this.#target;
    const misfits = columns.has('odd') ? this.#json('odd', field, test) : undefined;
    if (!columns.has(field)) return misfits ?? 'false';
    const column = identifier(field);
    // The column is tested for NULL where the test itself would not come out as NULL or false.
    const plain =
      type === 'text'
        ? (test.column ?? test.text)(column)
        : test.number(`cast(${column} as varchar)`, `cast(${column} as double)`);
    const present = filter.op === 'exists' ? `${column} is not null` : plain;
    return misfits === undefined ? present : `(${present} or (odd is not null and ${misfits}))`;
  }

  #json(column: 'odd' | 'rest', field: string, test: ValueSql): string {
    if (!this.#target.columns.has(column)) return 'false';
    const path = literal(pointer(field));
    const text = `json_extract_string(${column}, ${path})`;
    const list = `cast(json_extract(${column}, ${path}) as varchar[])`;
    return `(contains(${column}, ${literal(JSON.stringify(field))}) and case json_type(${column}, ${path})
      when 'VARCHAR' then ${test.text(text)}
      when 'BOOLEAN' then ${test.text(text)}
      when 'ARRAY' then len(list_filter(${list}, lambda item: ${test.text('item')})) > 0
      when 'UBIGINT' then ${test.number(text, `cast(${text} as double)`)}
      when 'BIGINT' then ${test.number(text, `cast(${text} as double)`)}
      when 'DOUBLE' then ${test.number(text, `cast(${text} as double)`)}
      else false end)`;
  }

  #test(filter: FieldFilter): ValueSql {
    switch (filter.op) {
      case 'exists':
        return { text: () => 'true', number: () => 'true' };
      case 'equals':
        return this.#equals(fold(String(filter.value)));
      case 'among':
        return this.#among(filter.values);
      case 'wildcard':
        return this.#wildcard(filter.pattern);
      case 'cidr':
        return this.#cidr(filter.network);
      case 'range':
        return this.#range(filter);
    }
  }

  #equals(wanted: string): ValueSql {
    const value = this.#late(wanted);
    const spelt = numberIn(wanted);
    return {
      text: (text) => `lower(${text}) = ${value()}`,
      number: (_, number) => (spelt === undefined ? 'false' : `${number} = ${double(spelt)}`),
      // Where no letter has a case the column can be compared as it is, and row groups be skipped by their statistics.
      column: (column) =>
        /^[0-9.:_ /-]*$/.test(wanted) ? `${column} = ${value()}` : `lower(${column}) = ${value()}`,
    };
  }

  #among(values: readonly string[]): ValueSql {
    const wanted = [...new Set(values.map(fold))];
    const spelt = [...new Set(wanted.map(numberIn))].filter((value) => value !== undefined);
    const bound = wanted.map((value) => this.#late(value));
    const among = (expression: string, list: readonly string[]) =>
      list.length === 0 ? 'false' : `${expression} in (${list.join(', ')})`;
    return {
      text: (text) =>
        among(
          `lower(${text})`,
          bound.map((value) => value()),
        ),
      number: (_, number) => among(number, spelt.map(double)),
    };
  }

  #wildcard(pattern: string): ValueSql {
    const glob = readGlob(pattern);
    let test: (folded: string) => string;
    if (glob.shape === 'any') {
      test = (folded) => `${folded} is not null`;
    } else if (glob.shape === 'mixed') {
      const value = this.#late(globPattern(glob.parts));
      test = (folded) => `regexp_full_match(${folded}, ${value()})`;
    } else {
      const value = this.#late(glob.text);
      const names = { starts: 'starts_with', ends: 'ends_with', contains: 'contains' } as const;
      const { shape } = glob;
      test = (folded) =>
        shape === 'is' ? `${folded} = ${value()}` : `${names[shape]}(${folded}, ${value()})`;
    }
    return { text: (text) => test(`lower(${text})`), number: (text) => test(text) };
  }

  #cidr(text: string): ValueSql {
    const network = readNetwork(text)!;
    const number = () => 'false';
    if (network.version === 4) {
      const value = this.#late(network.pattern);
      return { text: (address) => `regexp_full_match(lower(${address}), ${value()})`, number };
    }
    const first = this.#late(network.first);
    const last = this.#late(network.last);
    return {
      text: (address) => `coalesce(kydai_ipv6(lower(${address})) between ${first()} and ${last()}, false)`,
      number,
    };
  }

  #range(filter: EventFilter & { readonly op: 'range' }): ValueSql {
    const tests = rangeBounds(filter).map(({ operator, bound }): ValueSql => {
      if (typeof bound === 'string') {
        const value = this.#late(fold(bound));
        return { text: (text) => `lower(${text}) ${operator} ${value()}`, number: () => 'false' };
      }
      const value = double(bound);
      const number = (expression: string) => `${expression} ${operator} ${value}`;
      return {
        number: (_, expression) => number(expression),
        text(text) {
          const cast = `try_cast(${text} as double)`;
          const spelt = `regexp_full_match(${text}, ${literal(numberPattern)}) and isfinite(${cast})`;
          return `case when ${spelt} then ${number(cast)} else false end`;
        },
      };
    });
    const all = (parts: readonly string[]) => `(${parts.join(' and ')})`;
    return {
      text: (text) => all(tests.map((test) => test.text(text))),
      number: (text, number) => all(tests.map((test) => test.number(text, number))),
    };
  }
}

/** A finite number as an SQL literal of type DOUBLE. */
function double(value: number): string {
  return `cast('${Object.is(value, -0) ? 0 : value}' as double)`;
}
