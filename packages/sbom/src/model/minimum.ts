import { arrayOf, objectOf } from '../extract/extraction.ts';
import { allComponents, type Bom, firstPartyProperty, hasProperty } from './bom.ts';

/**
 * Names of the minimum elements that a document lacks, for itself or for any of its components: those of NTIA (2021,
 * section IV) and, marked `cisa-`, those that CISA's draft of 2025 adds. Sorted; empty where nothing is missing.
 */
export function missingElements(bom: Bom): readonly string[] {
  const missing = new Set<string>();
  const wants = (name: string, there: boolean) => {
    if (!there) missing.add(name);
  };
  const metadata = objectOf(bom.metadata);
  const isSaid = (value: unknown) =>
    Array.isArray(value) ? value.length > 0 : value !== undefined && value !== null && value !== '';
  wants(
    'author',
    ['authors', 'author', 'manufacturer', 'manufacture', 'supplier'].some((name) => isSaid(metadata[name])),
  );
  wants('timestamp', Number.isFinite(Date.parse(String(metadata['timestamp'] ?? ''))));
  const tools = metadata['tools'];
  wants(
    'cisa-tool',
    isSaid(Array.isArray(tools) ? tools : objectOf(tools)['components']) ||
      isSaid(objectOf(tools)['services']),
  );
  wants('cisa-generation-context', arrayOf(metadata['lifecycles']).length > 0);
  const related = new Set((bom.dependencies ?? []).flatMap((each) => [each.ref, ...(each.dependsOn ?? [])]));
  for (const component of allComponents(bom)) {
    if (hasProperty(component, firstPartyProperty)) continue;
    wants('component-name', component.name !== '');
    wants('version', isSaid(component.version));
    wants('identifier', isSaid(component.purl) || isSaid(component['cpe']) || isSaid(component['swid']));
    wants(
      'supplier',
      ['supplier', 'publisher', 'author', 'authors', 'manufacturer', 'group'].some((name) =>
        isSaid(component[name]),
      ),
    );
    wants('dependency-relationship', related.has(component['bom-ref'] ?? ''));
    wants('cisa-hash', isSaid(component.hashes));
    wants('cisa-licence', isSaid(component.licenses));
  }
  return [...missing].toSorted();
}
