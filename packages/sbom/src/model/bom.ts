/** A licence, hash or property keeps every field that it came with: the model adds no shape of its own. */
export interface BomComponent {
  readonly type: string;
  readonly name: string;
  readonly version?: string;
  readonly group?: string;
  readonly purl?: string;
  readonly 'bom-ref'?: string;
  readonly scope?: string;
  readonly components?: readonly BomComponent[];
  readonly licenses?: readonly unknown[];
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  readonly properties?: readonly { readonly name: string; readonly value?: string }[];
  readonly [field: string]: unknown;
}

export interface BomDependency {
  readonly ref: string;
  readonly dependsOn?: readonly string[];
  readonly [field: string]: unknown;
}

/**
 * A CycloneDX document (ECMA-424) as it is on the wire. INVARIANT: nothing that was read is lost; fields that this
 * program does not know pass through `readBom` and `writeBom` unchanged.
 */
export interface Bom {
  readonly bomFormat: 'CycloneDX';
  readonly specVersion: string;
  readonly serialNumber?: string;
  readonly version?: number;
  readonly metadata?: {
    readonly timestamp?: string;
    readonly component?: BomComponent;
    readonly [field: string]: unknown;
  };
  readonly components?: readonly BomComponent[];
  readonly dependencies?: readonly BomDependency[];
  readonly vulnerabilities?: readonly { readonly [field: string]: unknown }[];
  readonly [field: string]: unknown;
}

export const specVersions = ['1.2', '1.3', '1.4', '1.5', '1.6', '1.7'] as const;
export type SpecVersion = (typeof specVersions)[number];

/** The property that marks what belongs to the project itself, such as a workspace member. */
export const firstPartyProperty = 'kydai:first-party';
/** The property that names the file a component was found in. */
export const sourceProperty = 'kydai:source';
/** CycloneDX's own name for npm's development flag; we use it for every ecosystem. */
export const developmentProperty = 'cdx:npm:package:development';

/** Every component, those inside other components too, in document order. The subject of the document is not one. */
export function allComponents(bom: Bom): readonly BomComponent[] {
  const found: BomComponent[] = [];
  const open: Iterator<BomComponent>[] = [(bom.components ?? [])[Symbol.iterator]()];
  while (open.length > 0) {
    const next = open.at(-1)!.next();
    if (next.done) {
      open.pop();
      continue;
    }
    found.push(next.value);
    if (next.value.components !== undefined) open.push(next.value.components[Symbol.iterator]());
  }
  return found;
}

export function hasProperty(component: BomComponent, name: string, value = 'true'): boolean {
  return component.properties?.some((each) => each.name === name && each.value === value) ?? false;
}
