import { SbomError } from '../error.ts';
import { type Bom, specVersions } from '../model/bom.ts';
import { cyclonedxSchema, type Schema, type Shape, shapeOf } from './schema.ts';
import { specials } from './special.ts';
import { parseXml, type XmlElement } from './tree.ts';

const namespace = /^http:\/\/cyclonedx\.org\/schema\/bom\/(\d\.\d)$/;

/**
 * Reads CycloneDX XML into the model, which is that of the JSON form. The official JSON schema guides the reading: it
 * says which element is a list, an object, a number. What is of another namespace is left out, but for XML signatures: of
 * them the algorithm and the value are kept, so that it stays visible that there was one.
 *
 * @throws SbomError `invalid-bom` with the line
 */
export function bomFromXml(text: string, shown = 'sbom'): Bom {
  const root = parseXml(text, shown);
  const version = namespace.exec(root.namespace)?.[1];
  if (root.name !== 'bom' || version === undefined || !specVersions.some((each) => each === version)) {
    const spoken = `\`${root.name}\` of \`${root.namespace}\``;
    throw new SbomError(
      'invalid-bom',
      `\`${shown}\` line ${root.line}: ${spoken} is no bom of ${specVersions.join(', ')}`,
    );
  }
  const reader = new Reader(root.namespace, version, shown);
  const body = reader.object(root, shapeOf(cyclonedxSchema(version)));
  checkReferences(root, reader);
  return { bomFormat: 'CycloneDX', specVersion: version, ...body } as unknown as Bom;
}

/** Each `bom-ref` is there once (a key of the XML schema, which the JSON schema cannot express). */
function checkReferences(root: XmlElement, reader: Reader): void {
  const seen = new Set<string>();
  const open: XmlElement[] = [root];
  for (let element = open.pop(); element !== undefined; element = open.pop()) {
    const reference = element.attributes.get('bom-ref');
    if (reference !== undefined && seen.has(reference))
      reader.fail(element, `bom-ref \`${reference}\` is there twice`);
    if (reference !== undefined) seen.add(reference);
    open.push(...reader.own(element));
  }
}

export type Json = string | number | boolean | Json[] | { [key: string]: Json };

/** Elements and attributes whose JSON name is another. */
const renamed: ReadonlyMap<string, string> = new Map([
  ['content-type', 'contentType'],
  ['responses', 'response'],
  ['cryptoRef', 'cryptoRefArray'],
  ['details', 'expressionDetails'],
  ['license-identifier', 'licenseIdentifier'],
]);

/** Reads elements by what the schema says of their place. */
export class Reader {
  readonly #namespace: string;
  readonly #version: string;
  readonly #shown: string;

  constructor(namespace: string, version: string, shown: string) {
    this.#namespace = namespace;
    this.#version = version;
    this.#shown = shown;
  }

  object(element: XmlElement, shape: Shape): { [key: string]: Json } {
    const result: { [key: string]: Json } = {};
    for (const [name, value] of element.attributes) {
      const key = propertyName(name, shape);
      // Attributes that the format does not know are allowed by its XML schema.
      if (key !== undefined) result[key] = scalar(value, shapeOf(shape.properties.get(key)!));
    }
    const groups = Map.groupBy(this.#own(element), (child) => child.name);
    for (const [name, children] of groups) this.#member(name, children, shape, result);
    const signature = shape.properties.has('signature') ? xmlSignature(element) : undefined;
    if (signature !== undefined) result['signature'] = signature;
    const text = element.text.trim();
    if (groups.size === 0 && text !== '') {
      const key = textKey(shape);
      if (key === undefined) this.#fail(element, `\`${element.name}\` holds text where elements are wanted`);
      else result[key] = scalar(text, shapeOf(shape.properties.get(key)!));
    }
    return result;
  }

  #member(
    name: string,
    children: readonly XmlElement[],
    shape: Shape,
    result: { [key: string]: Json },
  ): void {
    const [first] = children as [XmlElement];
    const key = propertyName(name, shape);
    if (key === undefined) this.#fail(first, `\`${name}\` is not known here in ${this.#version}`);
    const property = shape.properties.get(key)!;
    const inner = shapeOf(property);
    const special = specials.get(key);
    if (special !== undefined) {
      const value = special(first, this, inner);
      if (value !== undefined) {
        result[key] = value;
        return;
      }
    }
    if (inner.types.has('array')) {
      result[key] = this.#list(children, inner);
      return;
    }
    if (children.length > 1) this.#fail(children[1]!, `\`${name}\` stands here twice`);
    result[key] = this.value(first, property);
  }

  /** A list is either one element that wraps its items, or the items themselves, one after the other. */
  #list(elements: readonly XmlElement[], shape: Shape): Json[] {
    // A list whose items the schema leaves open holds whatever comes, as text or as a tree.
    const items = shape.items ?? anything;
    const itemShape = shapeOf(items);
    return elements.flatMap((element) => {
      const children = this.#own(element);
      const names = new Set(children.map((child) => child.name));
      const wraps =
        isPlural(element.name, [...names]) ||
        (children.length > 0 && ![...names].some((name) => propertyName(name, itemShape) !== undefined)) ||
        (children.length === 0 && element.text.trim() === '' && element.attributes.size === 0);
      return wraps ? children.map((child) => this.value(child, items)) : [this.value(element, items)];
    });
  }

  value(element: XmlElement, schema: Schema): Json {
    const shape = shapeOf(schema);
    const children = this.#own(element);
    if (
      children.length === 0 &&
      isScalar(shape) &&
      (shape.properties.size === 0 || element.attributes.size === 0)
    ) {
      const text = element.text.trim() === '' ? element.attributes.get('ref') : undefined;
      return scalar(text ?? element.text, shape);
    }
    if (children.length === 0 && shape.properties.size === 0) {
      const reference = element.attributes.get('ref') ?? element.attributes.get('bom-ref');
      if (reference !== undefined && element.text.trim() === '') return reference;
    }
    // Text where the schema offers both text and an object; the validator has the last word.
    const bare = children.length === 0 && element.attributes.size === 0 && element.text.trim() !== '';
    if (bare && textKey(shape) === undefined) return element.text.trim();
    if (shape.types.has('array') && shape.properties.size === 0) return this.#list([element], shape);
    return this.object(element, shape);
  }

  own(element: XmlElement): readonly XmlElement[] {
    return this.#own(element);
  }

  #own(element: XmlElement): readonly XmlElement[] {
    return element.children.filter((child) => child.namespace === this.#namespace);
  }

  #fail(element: XmlElement, why: string): never {
    return this.fail(element, why);
  }

  fail(element: XmlElement, why: string): never {
    throw new SbomError('invalid-bom', `\`${this.#shown}\` line ${element.line}: ${why}`);
  }
}

const anything: Schema = { value: {}, file: '' };

function propertyName(name: string, shape: Shape): string | undefined {
  if (shape.properties.has(name)) return name;
  const other = renamed.get(name);
  return other !== undefined && shape.properties.has(other) ? other : undefined;
}

function isPlural(name: string, children: readonly string[]): boolean {
  const [child] = children;
  if (children.length !== 1 || child === undefined) return false;
  return name === `${child}s` || name === `${child}es` || name === `${child.replace(/y$/, '')}ies`;
}

/** The property that an element's own text goes to. */
function textKey(shape: Shape): string | undefined {
  return ['content', 'value', 'text', 'expression'].find((each) => shape.properties.has(each));
}

const signatureNamespace = 'http://www.w3.org/2000/09/xmldsig#';

function xmlSignature(element: XmlElement): Json | undefined {
  const signature = element.children.find(
    (each) => each.name === 'Signature' && each.namespace === signatureNamespace,
  );
  if (signature === undefined) return undefined;
  const named = (parent: XmlElement | undefined, name: string) =>
    parent?.children.find((each) => each.name === name);
  const method = named(named(signature, 'SignedInfo'), 'SignatureMethod');
  return {
    algorithm: method?.attributes.get('Algorithm') ?? signatureNamespace,
    value: named(signature, 'SignatureValue')?.text.replace(/\s+/g, '') ?? '',
  };
}

function isScalar(shape: Shape): boolean {
  return ['string', 'number', 'integer', 'boolean'].some((type) => shape.types.has(type));
}

/** What cannot be read as the type that is wanted stays text, for the validator to point at. */
function scalar(text: string, shape: Shape): Json {
  const trimmed = text.trim();
  if (shape.types.has('string') || shape.types.size === 0) return trimmed;
  if (shape.types.has('boolean')) {
    return trimmed === 'true' || trimmed === '1'
      ? true
      : trimmed === 'false' || trimmed === '0'
        ? false
        : trimmed;
  }
  const number = Number(trimmed);
  return trimmed !== '' && Number.isFinite(number) ? number : trimmed;
}
