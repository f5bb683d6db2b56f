import type { Finding } from '@kydai/contracts';
import { SbomError } from '../error.ts';
import { arrayOf, isObject, type JsonObject, objectOf, stringOf } from '../extract/extraction.ts';
import { allComponents, type Bom } from '../model/bom.ts';
import { withoutVersion } from './waiver.ts';

export type VexStatus = 'not_affected' | 'affected' | 'fixed' | 'under_investigation';

/** One statement of a VEX document: what a vulnerability means for a product. */
export interface VexStatement {
  /** The id and its aliases. */
  readonly vulnerability: readonly string[];
  /** Package URLs or `bom-ref`s that the statement is about; with none it is about the whole subject. */
  readonly components: readonly string[];
  readonly status: VexStatus;
  /** The reason, as the document gives it. */
  readonly justification: string;
  readonly author: string;
}

export interface VexOutcome {
  /** Findings that a statement takes away: not affected, or fixed. */
  readonly excluded: readonly { readonly finding: Finding; readonly statement: VexStatement }[];
  /** Statements about nothing that is in the document: a typing error, or another version. */
  readonly unmatched: readonly VexStatement[];
}

/** Reads OpenVEX 0.2 or the vulnerabilities of a CycloneDX document. @throws SbomError `invalid-vex` */
export function readVex(text: string, shown = 'vex'): readonly VexStatement[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new SbomError('invalid-vex', `\`${shown}\` is not json: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (isObject(value) && value['bomFormat'] === 'CycloneDX') return fromCycloneDx(value, shown);
  const context = isObject(value) ? value['@context'] : undefined;
  if (isObject(value) && typeof context === 'string' && /openvex/i.test(context))
    return fromOpenVex(value, shown);
  throw new SbomError('invalid-vex', `\`${shown}\` is neither openvex nor cyclonedx`);
}

/** Which findings the statements take away. Ids are compared with all aliases; a component must be meant. */
export function applyVex(
  bom: Bom,
  findings: readonly Finding[],
  statements: readonly VexStatement[],
): VexOutcome {
  const purlOf = new Map(allComponents(bom).map((each) => [each['bom-ref'] ?? '', each.purl ?? '']));
  const subject = bom.metadata?.component;
  const subjectNames = new Set(
    [subject?.purl, subject?.['bom-ref'], bom.serialNumber].filter((each) => each !== undefined),
  );
  const purls = new Set([...purlOf.values()].filter((purl) => purl !== ''));
  const bare = new Set([...purls].map(withoutVersion));
  const isWhole = (statement: VexStatement) =>
    statement.components.length === 0 || statement.components.some((each) => subjectNames.has(each));
  const names = (component: string, purl: string) =>
    component === purl || component === withoutVersion(purl) || purlOf.get(component) === purl;
  const isPresent = (component: string) =>
    purls.has(component) || bare.has(component) || purlOf.has(component);

  const excluded: { finding: Finding; statement: VexStatement }[] = [];
  for (const finding of findings) {
    const ids = [finding.advisory, ...finding.aliases];
    const about = statements.filter(
      (statement) =>
        statement.vulnerability.some((id) => ids.includes(id)) &&
        (isWhole(statement) || statement.components.some((each) => names(each, finding.component.purl))),
    );
    // A later statement of the document replaces an earlier one.
    const last = about.at(-1);
    if (last?.status === 'not_affected' || last?.status === 'fixed')
      excluded.push({ finding, statement: last });
  }
  const unmatched = statements.filter(
    (statement) => !isWhole(statement) && !statement.components.some(isPresent),
  );
  return { excluded, unmatched };
}

const openVexStatus: ReadonlySet<string> = new Set([
  'not_affected',
  'affected',
  'fixed',
  'under_investigation',
]);

function fromOpenVex(document: JsonObject, shown: string): readonly VexStatement[] {
  if (!Array.isArray(document['statements'])) throw wrong(shown, '/statements', 'is not a list');
  return document['statements'].map((value, index): VexStatement => {
    const place = `/statements/${index}`;
    const statement = objectOf(value);
    const vulnerability = statement['vulnerability'];
    const named = objectOf(vulnerability);
    const ids = [
      stringOf(vulnerability),
      stringOf(named['name']),
      stringOf(named['@id']),
      ...arrayOf(named['aliases']),
    ];
    const known = ids.filter((id): id is string => typeof id === 'string' && id !== '');
    if (known.length === 0) throw wrong(shown, `${place}/vulnerability`, 'has no name');
    const status = stringOf(statement['status']) ?? '';
    if (!openVexStatus.has(status))
      throw wrong(shown, `${place}/status`, `is none of ${[...openVexStatus].join(', ')}`);
    const justification =
      stringOf(statement['justification']) ?? stringOf(statement['impact_statement']) ?? '';
    if (status === 'not_affected' && justification === '') {
      throw wrong(shown, place, 'says not_affected without a justification or an impact statement');
    }
    return {
      vulnerability: known,
      components: arrayOf(statement['products']).flatMap(productNames),
      status: status as VexStatus,
      justification,
      author: stringOf(document['author']) ?? '',
    };
  });
}

/** The subcomponents where a product names some, else the product itself. */
function productNames(value: unknown): readonly string[] {
  const product = objectOf(value);
  const subcomponents = arrayOf(product['subcomponents']).flatMap(productNames);
  if (subcomponents.length > 0) return subcomponents;
  const identifier =
    stringOf(objectOf(product['identifiers'])['purl']) ?? stringOf(product['@id']) ?? stringOf(value);
  return identifier === undefined ? [] : [identifier];
}

const cycloneDxStates: ReadonlyMap<string, VexStatus> = new Map([
  ['not_affected', 'not_affected'],
  ['false_positive', 'not_affected'],
  ['resolved', 'fixed'],
  ['resolved_with_pedigree', 'fixed'],
  ['exploitable', 'affected'],
  ['in_triage', 'under_investigation'],
]);

function fromCycloneDx(document: JsonObject, shown: string): readonly VexStatement[] {
  return arrayOf(document['vulnerabilities']).flatMap((value, index): VexStatement[] => {
    const vulnerability = objectOf(value);
    const analysis = objectOf(vulnerability['analysis']);
    const state = stringOf(analysis['state']);
    if (state === undefined) return [];
    const status = cycloneDxStates.get(state);
    if (status === undefined)
      throw wrong(shown, `/vulnerabilities/${index}/analysis/state`, `\`${state}\` is unknown`);
    const references = arrayOf(vulnerability['references']).map((each) => stringOf(objectOf(each)['id']));
    const ids = [stringOf(vulnerability['id']), ...references].filter((id) => id !== undefined);
    return [
      {
        vulnerability: ids,
        components: arrayOf(vulnerability['affects']).flatMap((each) => referenceOf(objectOf(each)['ref'])),
        status,
        justification: stringOf(analysis['justification']) ?? stringOf(analysis['detail']) ?? state,
        author: '',
      },
    ];
  });
}

/** A `bom-ref`, or the part of a BOM-Link (`urn:cdx:<serial>/<version>#<ref>`) that is one. */
function referenceOf(value: unknown): readonly string[] {
  const text = stringOf(value);
  if (text === undefined) return [];
  const hash = text.startsWith('urn:cdx:') ? text.indexOf('#') : -1;
  if (hash < 0) return [text];
  try {
    return [decodeURIComponent(text.slice(hash + 1))];
  } catch {
    return [text.slice(hash + 1)];
  }
}

function wrong(shown: string, place: string, why: string): SbomError {
  return new SbomError('invalid-vex', `\`${shown}\` ${place} ${why}`);
}
