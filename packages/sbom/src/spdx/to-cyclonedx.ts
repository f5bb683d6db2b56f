import { licenseChoices } from '../extract/license.ts';
import type { Bom, BomComponent } from '../model/bom.ts';
import type { SpdxDocument, SpdxPackage } from './document.ts';

/** SPDX relationship types, with whether the dependency points from the left to the right. */
const directions: ReadonlyMap<string, boolean> = new Map([
  ['DEPENDS_ON', true],
  ['CONTAINS', true],
  ['DYNAMIC_LINK', true],
  ['STATIC_LINK', true],
  ['HAS_PREREQUISITE', true],
  ['DEPENDENCY_OF', false],
  ['CONTAINED_BY', false],
  ['RUNTIME_DEPENDENCY_OF', false],
  ['DEV_DEPENDENCY_OF', false],
  ['BUILD_DEPENDENCY_OF', false],
  ['TEST_DEPENDENCY_OF', false],
  ['OPTIONAL_DEPENDENCY_OF', false],
  ['PROVIDED_DEPENDENCY_OF', false],
  ['PREREQUISITE_FOR', false],
]);

const lengths: ReadonlyMap<string, readonly [alg: string, length: number]> = new Map([
  ['MD5', ['MD5', 32]],
  ['SHA1', ['SHA-1', 40]],
  ['SHA256', ['SHA-256', 64]],
  ['SHA384', ['SHA-384', 96]],
  ['SHA512', ['SHA-512', 128]],
]);

/** The packages and their graph as CycloneDX 1.6. Files, snippets and annotations are not carried over. */
export function spdxToBom(document: SpdxDocument): Bom {
  const [subjectId] = document.describes;
  const subject =
    document.describes.length === 1 ? document.packages.find((each) => each.id === subjectId) : undefined;
  const subjectRef = subject?.id ?? 'SPDXRef-DOCUMENT';
  const components = document.packages.filter((each) => each !== subject);
  const known = new Set([...components.map((each) => each.id), subjectRef]);
  const edges = new Map<string, Set<string>>();
  const add = (from: string, to: string) => {
    if (!known.has(from) || !known.has(to) || from === to) return;
    edges.set(from, (edges.get(from) ?? new Set()).add(to));
  };
  for (const { from, type, to } of document.relationships) {
    const forward = directions.get(type);
    if (forward === undefined) continue;
    if (forward) add(from, to);
    else add(to, from);
  }
  if (subject === undefined) for (const id of document.describes) add(subjectRef, id);
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      ...(Number.isNaN(Date.parse(document.created))
        ? {}
        : { timestamp: new Date(document.created).toISOString() }),
      component:
        subject === undefined
          ? { type: 'application', 'bom-ref': subjectRef, name: document.name || 'subject' }
          : { ...component(subject), type: 'application' },
    },
    components: components.map(component),
    dependencies: [...edges].map(([ref, targets]) => ({ ref, dependsOn: [...targets] })),
  };
}

function component(each: SpdxPackage): BomComponent {
  const hashes = each.checksums.flatMap(({ algorithm, value }) => {
    const [alg, length] = lengths.get(algorithm.replace('-', '')) ?? [];
    return alg !== undefined && value.length === length && /^[0-9a-fA-F]+$/.test(value)
      ? [{ alg, content: value }]
      : [];
  });
  const licenses = licenseChoices(each.license === undefined ? [] : [each.license]);
  return {
    type: 'library',
    'bom-ref': each.id,
    name: each.name,
    ...(each.version === undefined ? {} : { version: each.version }),
    ...(hashes.length === 0 ? {} : { hashes }),
    ...(licenses.length === 0 ? {} : { licenses }),
    ...(each.purl === undefined ? {} : { purl: each.purl }),
  };
}
