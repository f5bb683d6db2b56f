import type { Spec } from '@cyclonedx/cyclonedx-library';
import { SbomError } from '../error.ts';
import { isObject } from '../extract/extraction.ts';
import { decodeText } from '../extract/text.ts';
import type { Bom } from './bom.ts';
import { checkBom, maxBomBytes, parseBom, parseJson } from './read.ts';

/** A place where a document breaks the official schema. */
export interface Violation {
  /** JSON pointer. */
  readonly place: string;
  readonly message: string;
}

/**
 * Validates against the official strict JSON schema of the document's version, as the CycloneDX project's own library
 * does. An empty list means valid.
 */
export async function validateBom(bom: Bom): Promise<readonly Violation[]> {
  const validate = validators.get(bom.specVersion) ?? (await loadValidator(bom.specVersion));
  validators.set(bom.specVersion, validate);
  const errors = await validate(stringify(bom));
  if (errors === null) return [];
  const list = Array.isArray(errors) ? (errors as readonly Record<string, unknown>[]) : [];
  return list.length === 0
    ? [{ place: '/', message: 'does not follow the schema' }]
    : list.map((error) => ({
        place: String(error['instancePath'] ?? '') || '/',
        message: String(error['message'] ?? 'does not follow the schema'),
      }));
}

type Validate = (text: string) => Promise<unknown>;
const validators = new Map<string, Validate>();

/** Loading the library and compiling a schema costs a third of a second: only those who validate pay, and once. */
async function loadValidator(version: string): Promise<Validate> {
  const Validation = await import('@cyclonedx/cyclonedx-library/Validation');
  const validator = new Validation.JsonStrictValidator(version as `${Spec.Version}` as Spec.Version);
  return (text) => validator.validate(text);
}

const loadSpdx = () => Promise.all([import('../spdx/document.ts'), import('../spdx/to-cyclonedx.ts')]);

/**
 * Reads CycloneDX in JSON or XML, or SPDX 2.2, 2.3 (JSON, tag-value) or 3.0 (JSON-LD), told apart by their beginning.
 * XML and SPDX are translated into the model.
 *
 * @throws SbomError `invalid-bom` with the place, `too-large`
 */
export async function parseAnyBom(input: string | Uint8Array, shown = 'sbom'): Promise<Bom> {
  if (input.length > maxBomBytes) return parseBom(input, shown);
  const text = typeof input === 'string' ? input : decodeText(input, shown);
  if (/^\ufeff?\s*(#.*\s+)*SPDXVersion:/.test(text.slice(0, 4000))) {
    const [{ readSpdxTags }, { spdxToBom }] = await loadSpdx();
    return spdxToBom(readSpdxTags(text.replace(/^\ufeff/, ''), shown));
  }
  if (!isXml(text)) {
    const value = parseJson(text, shown);
    if (
      !isObject(value) ||
      value['bomFormat'] !== undefined ||
      !('spdxVersion' in value || '@graph' in value)
    ) {
      return checkBom(value, shown);
    }
    const [{ readSpdxJson }, { spdxToBom }] = await loadSpdx();
    return spdxToBom(readSpdxJson(value, shown));
  }
  const { bomFromXml } = await import('../xml/cyclonedx.ts');
  return checkBom(bomFromXml(text.replace(/^\ufeff/, ''), shown), shown);
}

function isXml(input: string | Uint8Array): boolean {
  const start =
    typeof input === 'string' ? input.slice(0, 1000) : new TextDecoder().decode(input.subarray(0, 1000));
  // UTF-16 keeps a zero byte beside each of these characters.
  return /^[\ufeff\ufffd\0\s]*</.test(start);
}

/** Reads and validates. @throws SbomError `invalid-bom` with the first place that is wrong, `too-large` */
export async function readBom(input: string | Uint8Array, shown = 'sbom'): Promise<Bom> {
  const bom = await parseAnyBom(input, shown);
  // The XML schema asks nothing of the form of a mail address, the JSON schema does.
  const tolerated = isXml(input) ? /format "idn-email"/ : undefined;
  const [first, ...more] = (await validateBom(bom)).filter((each) => !tolerated?.test(each.message));
  if (first !== undefined) {
    const rest = more.length === 0 ? '' : ` (and ${more.length} more)`;
    throw new SbomError('invalid-bom', `\`${shown}\` ${first.place} ${first.message}${rest}`);
  }
  return bom;
}

/** The document as JSON text with two spaces of indentation and a final newline. */
export function writeBom(bom: Bom): string {
  return `${stringify(bom, 2)}\n`;
}

/** The one way in which a value that came from JSON can fail to become JSON again. */
function stringify(bom: Bom, indentation?: number): string {
  try {
    return JSON.stringify(bom, null, indentation);
  } catch (error) {
    throw new SbomError('invalid-bom', 'the document nests too deeply at /', { cause: error });
  }
}
