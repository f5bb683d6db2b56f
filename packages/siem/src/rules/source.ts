import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments } from 'yaml';
import { quote, RuleFault } from './problem.ts';

/**
 * A YAML node with its scalars as written. YAML's own typing would read an unquoted `00000429` as the number 429 and
 * `1.10` as 1.1, and a rule would then look for something that its author did not write.
 */
export type SourceNode = SourceScalar | SourceList | SourceMap;

export interface SourceScalar {
  readonly kind: 'scalar';
  readonly text: string;
  /** True where the scalar was written without quotes, so that `null` means null and `true` means true. */
  readonly plain: boolean;
  readonly line: number;
}

export interface SourceList {
  readonly kind: 'list';
  readonly items: readonly SourceNode[];
  readonly line: number;
}

export interface SourceMap {
  readonly kind: 'map';
  readonly entries: readonly SourceEntry[];
  readonly line: number;
}

export interface SourceEntry {
  readonly key: string;
  readonly value: SourceNode;
  readonly line: number;
}

const maxBytes = 1_000_000;
const maxNodes = 100_000;
const maxDepth = 32;
/** Each is looked up by a walk through the document. */
const maxAliases = 200;

/** Reads every document of a YAML text; throws a `RuleFault` for text that is not YAML or beyond the limits. */
export function readDocuments(text: string): readonly SourceNode[] {
  if (text.length > maxBytes)
    throw new RuleFault('file-too-large', 1, `the file is larger than ${maxBytes} bytes`);
  const lines = new LineCounter();
  let documents: ReturnType<typeof parseAllDocuments>;
  try {
    documents = parseAllDocuments(text, {
      schema: 'failsafe',
      lineCounter: lines,
      logLevel: 'silent',
      // Both would take time with the square of a hostile text's length.
      prettyErrors: false,
      uniqueKeys: false,
    });
  } catch (error) {
    // Thousands of nested brackets overflow the parser's stack.
    throw new RuleFault('yaml-invalid', 1, error instanceof RangeError ? 'nested too deeply' : 'not YAML');
  }
  const found: SourceNode[] = [];
  let nodes = 0;
  let aliases = 0;
  for (const document of documents as Iterable<(typeof documents)[number]>) {
    const [error] = document.errors;
    if (error) {
      throw new RuleFault('yaml-invalid', lines.linePos(error.pos[0]).line, firstLine(error.message));
    }
    if (document.contents) found.push(convert(document.contents as Node, 0, document));
  }
  return found;

  function convert(node: Node | null, depth: number, document: (typeof documents)[number]): SourceNode {
    const line = node?.range ? lines.linePos(node.range[0]).line : 1;
    if (++nodes > maxNodes || depth > maxDepth)
      throw new RuleFault('rule-too-large', line, 'nested or repeated too much');
    if (isAlias(node) && ++aliases > maxAliases)
      throw new RuleFault('rule-too-large', line, 'too many aliases');
    if (isAlias(node))
      return convert((node.resolve(document as never) ?? null) as Node | null, depth + 1, document);
    if (isMap(node)) {
      const keys = new Set<string>();
      const entries = node.items.map((pair) => {
        const key = convert(pair.key as Node, depth + 1, document);
        if (key.kind !== 'scalar') throw new RuleFault('yaml-invalid', line, 'a key must be a scalar');
        if (keys.has(key.text)) {
          throw new RuleFault('yaml-invalid', key.line, `${quote(key.text)} is written twice`);
        }
        keys.add(key.text);
        return {
          key: key.text,
          line: key.line,
          value: convert(pair.value as Node | null, depth + 1, document),
        };
      });
      return { kind: 'map', entries, line };
    }
    if (isSeq(node))
      return {
        kind: 'list',
        items: node.items.map((item) => convert(item as Node, depth + 1, document)),
        line,
      };
    if (isScalar(node)) {
      const plain = node.type === 'PLAIN' || node.type === undefined;
      return { kind: 'scalar', text: plain ? (node.source ?? '') : String(node.value), plain, line };
    }
    return { kind: 'scalar', text: '', plain: true, line };
  }
}

/** The value under a key of a map; undefined for anything else. */
export function child(node: SourceNode | undefined, key: string): SourceNode | undefined {
  return node?.kind === 'map' ? node.entries.find((entry) => entry.key === key)?.value : undefined;
}

/** The text of a scalar, null where it is absent or YAML's null. */
export function textOf(node: SourceNode | undefined): string | undefined {
  return node?.kind === 'scalar' && !isNull(node) ? node.text : undefined;
}

/** The texts of a list of scalars, or of one scalar. */
export function textsOf(node: SourceNode | undefined): readonly string[] {
  const items = node?.kind === 'list' ? node.items : node ? [node] : [];
  return items.flatMap((item) => textOf(item) ?? []);
}

/** YAML 1.2 core schema, section 10.3.2: the unquoted spellings of null. */
export function isNull(node: SourceScalar): boolean {
  return node.plain && /^(?:|~|null|Null|NULL)$/.test(node.text);
}

/** The node as plain data, scalars as text; for custom blocks that are checked by a schema of their own. */
export function plainData(node: SourceNode): unknown {
  if (node.kind === 'list') return node.items.map(plainData);
  if (node.kind === 'map')
    return Object.fromEntries(node.entries.map((entry) => [entry.key, plainData(entry.value)]));
  if (isNull(node)) return null;
  if (node.plain && /^(?:true|false)$/.test(node.text)) return node.text === 'true';
  if (node.plain && /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,9})?$/.test(node.text)) return Number(node.text);
  return node.text;
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0]!.replace(/:$/, '').slice(0, 200);
}
