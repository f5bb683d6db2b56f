import { createHash } from 'node:crypto';
import {
  type Bom,
  type BomComponent,
  type BomDependency,
  developmentProperty,
  firstPartyProperty,
  sourceProperty,
} from '../model/bom.ts';
import { formatPurl } from '../purl/purl.ts';
import type { ExtractedPackage, Extraction } from './extraction.ts';
import { licenseChoices } from './license.ts';

export interface Sourced {
  readonly path: string;
  readonly extraction: Extraction;
}

export interface Subject {
  readonly name: string;
  readonly version?: string;
}

/** Merged over the files: one for each package URL. */
interface Merged {
  readonly ref: string;
  readonly purl: string | undefined;
  readonly first: ExtractedPackage;
  readonly sources: Set<string>;
  development: boolean;
  optional: boolean;
}

const subjectRef = 'subject';

/**
 * One CycloneDX 1.6 document from what the files say. INVARIANT: the same files give the same bytes, but for the
 * timestamp; the serial number is made from the content.
 */
export function assemble(sources: readonly Sourced[], subject: Subject, now: number): Bom {
  const merged = new Map<string, Merged>();
  const edges = new Map<string, Set<string>>([[subjectRef, new Set()]]);
  for (const { path, extraction } of sources) {
    const refs = new Map<string, string>([['', subjectRef]]);
    for (const each of extraction.packages) refs.set(each.ref, merge(merged, each, path));
    if (extraction.dependsOn.size === 0) {
      for (const ref of refs.values()) if (ref !== subjectRef) edges.get(subjectRef)!.add(ref);
    }
    for (const [from, targets] of extraction.dependsOn) {
      const ref = refs.get(from);
      if (ref === undefined) continue;
      const set = edges.get(ref) ?? new Set<string>();
      edges.set(ref, set);
      for (const target of targets) {
        const to = refs.get(target);
        if (to !== undefined && to !== ref) set.add(to);
      }
    }
  }
  const all = [...merged.values()].toSorted((a, b) => (a.ref < b.ref ? -1 : 1));
  const components = all.map(component);
  const dependencies: BomDependency[] = [subjectRef, ...all.map((each) => each.ref)].map((ref) => ({
    ref,
    dependsOn: [...(edges.get(ref) ?? [])].toSorted(),
  }));
  const content = { components, dependencies };
  const serialNumber = serial(JSON.stringify([subject, content]));
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber,
    version: 1,
    metadata: {
      timestamp: new Date(now).toISOString(),
      lifecycles: [{ phase: 'pre-build' }],
      tools: { components: [{ type: 'application', group: 'kydai', name: 'sbom', version: '0.1.0' }] },
      component: {
        type: 'application',
        'bom-ref': subjectRef,
        name: subject.name,
        ...(subject.version === undefined ? {} : { version: subject.version }),
      },
    },
    ...content,
  };
}

function merge(merged: Map<string, Merged>, each: ExtractedPackage, path: string): string {
  const purl = each.purl === undefined ? undefined : purlText(each);
  const ref = purl ?? `${each.firstParty ? 'member' : 'component'}:${each.name}@${each.version ?? ''}`;
  const known = merged.get(ref);
  if (known === undefined) {
    merged.set(ref, {
      ref,
      purl,
      first: each,
      sources: new Set([path]),
      development: each.development ?? false,
      optional: each.optional ?? false,
    });
  } else {
    known.sources.add(path);
    known.development &&= each.development ?? false;
    known.optional &&= each.optional ?? false;
  }
  return ref;
}

/** A name that no package URL can hold leaves the component without one, and the ledger of blind spots says so. */
function purlText(each: ExtractedPackage): string | undefined {
  try {
    return formatPurl(each.purl!);
  } catch {
    return undefined;
  }
}

function component(merged: Merged): BomComponent {
  const { first } = merged;
  const namespace = first.purl?.namespace ?? undefined;
  const grouped = namespace !== undefined && merged.purl !== undefined;
  const properties = [
    ...(merged.development ? [{ name: developmentProperty, value: 'true' }] : []),
    ...(first.firstParty ? [{ name: firstPartyProperty, value: 'true' }] : []),
    ...[...merged.sources].toSorted().map((value) => ({ name: sourceProperty, value })),
  ];
  const licenses = licenseChoices(first.licenses ?? []);
  return {
    type: first.firstParty ? 'application' : 'library',
    'bom-ref': merged.ref,
    ...(grouped ? { group: namespace } : {}),
    name: grouped ? first.purl!.name : first.name,
    ...(first.version === undefined ? {} : { version: first.version }),
    scope: merged.optional ? 'optional' : 'required',
    ...(first.hashes === undefined ? {} : { hashes: first.hashes }),
    ...(licenses.length === 0 ? {} : { licenses }),
    ...(merged.purl === undefined ? {} : { purl: merged.purl }),
    properties,
  };
}

/** A UUID of version 8 (RFC 9562 section 5.8) over the content. */
function serial(content: string): string {
  const hash = createHash('sha256').update(content).digest();
  hash[6] = (hash[6]! & 0x0f) | 0x80;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  const hex = hash.toString('hex', 0, 16);
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
