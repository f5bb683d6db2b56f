/** The text of one generated function, and the constants that it closes over. */
export class Emitter {
  readonly constants: unknown[] = [];
  readonly #known = new Map<unknown, string>();
  readonly #lines: string[] = [];
  readonly #uses = new Set<Hoisted>();
  #names = 0;

  /** A name for a value: INVARIANT: nothing that a policy says becomes program text, only these names do. */
  constant(value: unknown): string {
    let name = this.#known.get(value);
    if (name === undefined) {
      name = `K${this.constants.length}`;
      this.constants.push(value);
      this.#known.set(value, name);
    }
    return name;
  }

  line(text: string): void {
    this.#lines.push(text);
  }

  fresh(prefix: string): string {
    return `${prefix}${this.#names++}`;
  }

  /** Keeps a JavaScript expression in a new local. */
  local(expression: string): string {
    const name = this.fresh('t');
    this.line(`const ${name}=${expression};`);
    return name;
  }

  /** A value that many policies need, computed once at the start of the function. */
  hoisted(name: Hoisted): string {
    this.#uses.add(name);
    return name;
  }

  /** `(K, rt) => (P, A, R, C, out) => void` as text. */
  text(): string {
    const constants = this.constants.map((_, index) => `K${index}=K[${index}]`);
    const head = constants.length === 0 ? '' : `const ${constants.join()};`;
    const hoists = [...this.#uses].map((name) => `const ${name}=${hoistable[name]};`).join('');
    return `"use strict";${head}return function(P,A,R,C,out){${hoists}\n${this.#lines.join('\n')}\n};`;
  }
}

const hoistable = {
  PA: 'P.attrs',
  RA: 'R.attrs',
  AA: 'A.attrs',
  CA: 'C.attrs',
  PH: 'P.ancestors',
  RH: 'R.ancestors',
} as const;

export type Hoisted = keyof typeof hoistable;
