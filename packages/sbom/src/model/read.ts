import { SbomError } from '../error.ts';
import { isObject } from '../extract/extraction.ts';
import { decodeText } from '../extract/text.ts';
import { type Bom, specVersions } from './bom.ts';

/** The largest document that is read, in bytes. */
export const maxBomBytes = 256 * 1024 * 1024;
const maxNesting = 64;

/**
 * Reads a CycloneDX JSON document of version 1.2 to 1.7 and checks the fields that matching and gating rely on. The
 * whole schema is `validateBom`'s matter: it costs more than a scan.
 *
 * @throws SbomError `invalid-bom` with the place as a JSON pointer, `too-large`
 */
export function parseBom(input: string | Uint8Array, shown = 'sbom'): Bom {
  if (input.length > maxBomBytes) {
    throw new SbomError('too-large', `\`${shown}\` is larger than ${maxBomBytes} bytes`);
  }
  const text = typeof input === 'string' ? input : decodeText(input, shown);
  return checkBom(parseJson(text, shown), shown);
}

/** @throws SbomError `invalid-bom` with the position */
export function parseJson(text: string, shown: string): unknown {
  try {
    return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
  } catch (error) {
    throw new SbomError('invalid-bom', `\`${shown}\` is not json: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** Checks a value that was parsed already, such as the body of a request. @throws SbomError `invalid-bom` */
export function checkBom(value: unknown, shown = 'sbom'): Bom {
  if (!isObject(value)) throw wrong(shown, '/', 'is not an object');
  if (value['bomFormat'] !== 'CycloneDX') throw wrong(shown, '/bomFormat', 'is not `CycloneDX`');
  if (!specVersions.some((version) => version === value['specVersion'])) {
    throw wrong(shown, '/specVersion', `is not one of ${specVersions.join(', ')}`);
  }
  const metadata = value['metadata'];
  if (metadata !== undefined && !isObject(metadata)) throw wrong(shown, '/metadata', 'is not an object');
  if (isObject(metadata) && metadata['component'] !== undefined) {
    checkComponents([metadata['component']], '/metadata/component', shown);
  }
  checkComponents(value['components'], '/components', shown);
  checkDependencies(value['dependencies'], shown);
  const vulnerabilities = value['vulnerabilities'];
  if (vulnerabilities !== undefined && !(Array.isArray(vulnerabilities) && vulnerabilities.every(isObject))) {
    throw wrong(shown, '/vulnerabilities', 'is not a list of objects');
  }
  return value as unknown as Bom;
}

function checkComponents(list: unknown, place: string, shown: string): void {
  const open: { readonly list: unknown; readonly place: string; readonly depth: number }[] = [
    { list, place, depth: 0 },
  ];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.list === undefined) continue;
    if (!Array.isArray(next.list)) throw wrong(shown, next.place, 'is not a list');
    if (next.depth > maxNesting) throw wrong(shown, next.place, `nests deeper than ${maxNesting}`);
    for (const [index, component] of next.list.entries()) {
      const at = `${next.place}/${index}`;
      if (!isObject(component)) throw wrong(shown, at, 'is not an object');
      if (typeof component['name'] !== 'string') throw wrong(shown, `${at}/name`, 'is not text');
      for (const field of ['version', 'purl', 'bom-ref', 'group']) {
        const text = component[field];
        if (text !== undefined && typeof text !== 'string')
          throw wrong(shown, `${at}/${field}`, 'is not text');
      }
      const properties = component['properties'];
      if (properties !== undefined && !(Array.isArray(properties) && properties.every(isObject))) {
        throw wrong(shown, `${at}/properties`, 'is not a list of objects');
      }
      if (component['components'] !== undefined) {
        open.push({ list: component['components'], place: `${at}/components`, depth: next.depth + 1 });
      }
    }
  }
}

function checkDependencies(list: unknown, shown: string): void {
  if (list === undefined) return;
  if (!Array.isArray(list)) throw wrong(shown, '/dependencies', 'is not a list');
  for (const [index, each] of list.entries()) {
    const at = `/dependencies/${index}`;
    if (!isObject(each) || typeof each['ref'] !== 'string') throw wrong(shown, `${at}/ref`, 'is not text');
    const targets = each['dependsOn'];
    if (
      targets !== undefined &&
      !(Array.isArray(targets) && targets.every((target) => typeof target === 'string'))
    ) {
      throw wrong(shown, `${at}/dependsOn`, 'is not a list of texts');
    }
  }
}

function wrong(shown: string, place: string, why: string): SbomError {
  return new SbomError('invalid-bom', `\`${shown}\` ${place} ${why}`);
}
