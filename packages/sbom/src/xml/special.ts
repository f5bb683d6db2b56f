import type { Json, Reader } from './cyclonedx.ts';
import { type Shape, shapeOf } from './schema.ts';
import type { XmlElement } from './tree.ts';

/** Reads an element in a way of its own; undefined hands it back to the schema. */
export type Special = (element: XmlElement, reader: Reader, shape: Shape) => Json | undefined;

/** The places where the two forms are not the same tree. */
export const specials: ReadonlyMap<string, Special> = new Map<string, Special>([
  ['dependencies', dependencies],
  ['runtimeTopology', dependencies],
  ['taskDependencies', dependencies],
  [
    'tools',
    (element, reader, shape) =>
      reader.own(element).some((each) => each.name === 'components' || each.name === 'services')
        ? reader.object(element, shape)
        : undefined,
  ],
  [
    'asserter',
    (element, reader, shape) => {
      const [only] = reader.own(element);
      if (only === undefined) return undefined;
      return only.name === 'ref' ? only.text.trim() : reader.object(only, shape);
    },
  ],
  ['licenses', licenses],
  [
    'environmentVars',
    (element, reader) =>
      reader.own(element).map((each): Json => {
        const value = each.text.trim();
        return each.name === 'value' ? value : { name: each.attributes.get('name') ?? '', value };
      }),
  ],
  [
    'data',
    (element, reader, shape) =>
      shape.items !== undefined && shapeOf(shape.items).properties.has('flow')
        ? reader.own(element).map((each) => dataFlow(each, reader))
        : undefined,
  ],
  [
    'copyright',
    (element, reader) => {
      const texts = reader.own(element);
      return texts.length === 0 ? undefined : texts.map((each): Json => ({ text: each.text.trim() }));
    },
  ],
]);

function dependencies(element: XmlElement, reader: Reader, shape: Shape): Json | undefined {
  const hasEdges = shape.items !== undefined && shapeOf(shape.items).properties.has('ref');
  return hasEdges ? reader.own(element).map((each) => dependency(each, reader)) : undefined;
}

function licenses(element: XmlElement, reader: Reader, shape: Shape): Json {
  const children = reader.own(element);
  const choice = shapeOf(shape.items!);
  const isExpression = (each: XmlElement) => each.name !== 'license';
  // Up to 1.6 it is either licences or one expression; the older JSON schemas do not say so.
  if (!choice.properties.has('expressionDetails') && children.length > 1 && children.some(isExpression)) {
    reader.fail(children.find(isExpression)!, 'an expression stands beside another licence');
  }
  return children.map((each): Json => {
    if (!isExpression(each)) return { license: reader.value(each, choice.properties.get('license')!) };
    if (each.name !== 'expression') return reader.object(each, choice);
    const extra = [...each.attributes].filter(([name]) => choice.properties.has(name));
    return { expression: each.text.trim(), ...Object.fromEntries(extra) };
  });
}

/** `<classification flow="...">` on its own up to 1.4, inside `<dataflow>` later. */
function dataFlow(element: XmlElement, reader: Reader): Json {
  const children = reader.own(element);
  const classification =
    element.name === 'classification' ? element : children.find((each) => each.name === 'classification');
  const urls = (name: string) =>
    children
      .filter((each) => each.name === name)
      .flatMap((each) => reader.own(each).map((url) => url.text.trim()));
  const source = urls('source');
  const destination = urls('destination');
  return {
    ...Object.fromEntries(
      [...element.attributes].filter(([name]) => name === 'name' || name === 'description'),
    ),
    ...(classification?.attributes.has('flow') ? { flow: classification.attributes.get('flow')! } : {}),
    ...(classification === undefined ? {} : { classification: classification.text.trim() }),
    ...(source.length === 0 ? {} : { source }),
    ...(destination.length === 0 ? {} : { destination }),
  };
}

function dependency(element: XmlElement, reader: Reader): Json {
  const references = (name: string) =>
    reader.own(element).flatMap((each) => (each.name === name ? (each.attributes.get('ref') ?? '') : []));
  const dependsOn = references('dependency');
  const provides = references('provides');
  return {
    ...(element.attributes.has('ref') ? { ref: element.attributes.get('ref')! } : {}),
    ...(dependsOn.length === 0 ? {} : { dependsOn }),
    ...(provides.length === 0 ? {} : { provides }),
  };
}
