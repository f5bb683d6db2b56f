import type { FieldValue } from '@kydai/contracts';

const mostNodes = 4_096;
/** Fields that follow a node, and values of each. */
const mostNames = 64;
const mostValues = 64;
/** The tree is made anew after so many texts that it had no room for: what fills it may be what comes no more. */
const mostMissed = 65_536;
const longest = 96;

/** What some fields without a column are as JSON. */
export class RestNode {
  /** The members, each behind a comma. */
  readonly members: string;
  readonly next = new Map<string, Values>();
  /** The frame that holds the text, and where. */
  frame = -1;
  place = 0;
  bytes = 0;

  constructor(members: string) {
    this.members = members;
  }

  get json(): string {
    return `{${this.members.slice(1)}}`;
  }
}

/** By value of one field: where it leads. Lists of one text are apart from texts. */
class Values {
  readonly plain = new Map<FieldValue, RestNode>();
  readonly lists = new Map<string, RestNode>();

  get size(): number {
    return this.plain.size + this.lists.size;
  }
}

/**
 * Makes one text of the fields that have no column. Most events of a kind have the same few values there, so that the
 * texts are kept, as a tree by field and value: walking it costs a tenth of making the text. What varies is not kept.
 *
 * INVARIANT: the tree is bounded in nodes and in the length of their values, whatever the events hold.
 */
export class RestTexts {
  #root = new RestNode('');
  #nodes = 0;
  #missed = 0;
  #node = this.#root;
  #members: string | undefined;

  /** For the next event. */
  begin(): void {
    if (this.#missed >= mostMissed) {
      this.#root = new RestNode('');
      this.#nodes = 0;
      this.#missed = 0;
    }
    this.#node = this.#root;
    this.#members = undefined;
  }

  add(name: string, value: FieldValue): void {
    if (this.#members === undefined) {
      const next = this.#step(name, value);
      if (next !== undefined) {
        this.#node = next;
        return;
      }
      this.#missed++;
      this.#members = this.#node.members;
    }
    this.#members += member(name, value);
  }

  get empty(): boolean {
    return this.#members === undefined && this.#node === this.#root;
  }

  /** The text, or the node that keeps it. */
  get found(): string | RestNode {
    return this.#members === undefined ? this.#node : `{${this.#members.slice(1)}}`;
  }

  #step(name: string, value: FieldValue): RestNode | undefined {
    const values = this.#node.next.get(name);
    const list = typeof value === 'object' && value !== null;
    if (list && (value.length !== 1 || typeof value[0] !== 'string')) return undefined;
    const known = list ? values?.lists.get(value[0]!) : values?.plain.get(value);
    return known ?? this.#grow(name, value, values);
  }

  #grow(name: string, value: FieldValue, values: Values | undefined): RestNode | undefined {
    const list = typeof value === 'object' && value !== null;
    const text = list ? value[0]! : value;
    const long = typeof text === 'string' && text.length > longest;
    if (long || name.length > longest || this.#nodes >= mostNodes) return undefined;
    if (values === undefined ? this.#node.next.size >= mostNames : values.size >= mostValues)
      return undefined;
    // Copies, because a slice keeps the whole line that it is of.
    const ownName = copied(name);
    const own = typeof text === 'string' ? copied(text) : text;
    const node = new RestNode(`${this.#node.members}${member(ownName, list ? [String(own)] : own)}`);
    const among = values ?? new Values();
    if (values === undefined) this.#node.next.set(ownName, among);
    if (list) among.lists.set(String(own), node);
    else among.plain.set(own, node);
    this.#nodes++;
    return node;
  }
}

function copied(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le');
}

/** A field as a member of a JSON object, behind a comma. */
export function member(name: string, value: FieldValue): string {
  return `,${json(name)}:${jsonValue(value)}`;
}

/** Printable ASCII without quotes and backslashes: most texts of most logs, and their own JSON. */
const plain = /^[ !#-[\]-~]*$/;

/** A text as JSON that DuckDB reads too: it refuses lone surrogates, which are replaced. */
function json(text: string): string {
  if (plain.test(text)) return `"${text}"`;
  return JSON.stringify(text.toWellFormed());
}

function jsonValue(field: FieldValue): string {
  if (typeof field === 'string') return json(field);
  if (typeof field === 'number') return Number.isFinite(field) ? String(field) : 'null';
  if (typeof field === 'boolean') return field ? 'true' : 'false';
  if (field === null || field === undefined) return 'null';
  return `[${Array.from(field, (one) => json(String(one))).join(',')}]`;
}
