import { SaxesParser } from 'saxes';
import { SbomError } from '../error.ts';

/** An element with what it holds. Prefixes are resolved; comments and instructions are gone. */
export interface XmlElement {
  readonly name: string;
  readonly namespace: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** The text directly inside, untrimmed. */
  readonly text: string;
  /** Line of the start tag, from 1. */
  readonly line: number;
}

const maxDepth = 200;
const maxElements = 5_000_000;

/**
 * Parses XML 1.0 with namespaces. A document type declaration is refused: it is the way in for entity expansion and for
 * files from elsewhere, and none of the formats that we read needs it.
 *
 * @throws SbomError `invalid-bom` with the line
 */
export function parseXml(text: string, shown: string): XmlElement {
  interface Open {
    name: string;
    namespace: string;
    attributes: Map<string, string>;
    children: XmlElement[];
    text: string;
    line: number;
  }
  const stack: Open[] = [];
  let root: XmlElement | undefined;
  let count = 0;
  const parser = new SaxesParser({ xmlns: true, position: true });
  const fail = (why: string): never => {
    throw new SbomError('invalid-bom', `\`${shown}\` line ${parser.line}: ${why}`);
  };
  parser.on('doctype', () => fail('has a document type declaration; remove it'));
  parser.on('error', (error) => fail(error.message.replace(/^\d+:\d+: /, '').slice(0, 200)));
  parser.on('opentag', (tag) => {
    count += 1;
    if (count > maxElements || stack.length > maxDepth) fail('is too large or nests too deeply');
    const attributes = new Map<string, string>();
    for (const attribute of Object.values(tag.attributes)) {
      if (attribute.uri === '') attributes.set(attribute.local, attribute.value);
    }
    stack.push({
      name: tag.local,
      namespace: tag.uri,
      attributes,
      children: [],
      text: '',
      line: parser.line,
    });
  });
  const addText = (text: string) => {
    const top = stack.at(-1);
    if (top !== undefined) top.text += text;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    const element = stack.pop()!;
    if (stack.length === 0) root = element;
    else stack.at(-1)!.children.push(element);
  });
  parser.write(text).close();
  return root ?? fail('has no element');
}
