import { parseXml, type XmlElement } from '../xml/tree.ts';
import { type ExtractedPackage, type Extractor, fileName } from './extraction.ts';

/** `pom.xml` (maven.apache.org/pom.html): direct dependencies with the versions that the file itself fixes. */
export const maven: Extractor = {
  name: 'maven',
  matches: (path) => fileName(path) === 'pom.xml' || path.endsWith('.pom'),
  extract(file) {
    const root = parseXml(file.text(), file.path);
    if (root.name !== 'project') throw new TypeError('is no maven project');
    const parent = child(root, 'parent');
    const group = textOf(root, 'groupId') ?? textOf(parent, 'groupId') ?? '';
    const name = textOf(root, 'artifactId') ?? '';
    const version = textOf(root, 'version') ?? textOf(parent, 'version') ?? '';
    const properties = new Map<string, string>([
      ['project.groupId', group],
      ['project.artifactId', name],
      ['project.version', version],
      ['project.parent.version', textOf(parent, 'version') ?? ''],
      ...(child(root, 'properties')?.children ?? []).map((each) => [each.name, each.text.trim()] as const),
    ]);
    const managed = new Map<string, string>();
    for (const each of listOf(child(child(root, 'dependencyManagement'), 'dependencies'), 'dependency')) {
      const key = `${interpolate(textOf(each, 'groupId'), properties)}:${interpolate(textOf(each, 'artifactId'), properties)}`;
      managed.set(key, interpolate(textOf(each, 'version'), properties));
    }
    const packages: ExtractedPackage[] = [];
    for (const each of listOf(child(root, 'dependencies'), 'dependency')) {
      const groupId = interpolate(textOf(each, 'groupId'), properties);
      const artifactId = interpolate(textOf(each, 'artifactId'), properties);
      if (groupId === '' || artifactId === '') continue;
      const key = `${groupId}:${artifactId}`;
      const written = interpolate(textOf(each, 'version'), properties) || (managed.get(key) ?? '');
      const scope = textOf(each, 'scope');
      packages.push({
        ...mavenPackage(groupId, artifactId, pinned(written)),
        ...(scope === 'test' ? { development: true } : {}),
        ...(scope === 'provided' || textOf(each, 'optional') === 'true' ? { optional: true } : {}),
      });
    }
    const notRead =
      packages.length === 0
        ? []
        : ['names direct dependencies only; scan the built JAR or WAR, or a lockfile, for the rest'];
    return {
      packages,
      dependsOn: new Map(),
      notRead,
      ...(name === '' ? {} : { project: { name, ...(version === '' ? {} : { version }) } }),
    };
  },
};

export function mavenPackage(group: string, artifact: string, version: string | undefined): ExtractedPackage {
  return {
    ref: `${group}:${artifact}${version === undefined ? '' : `:${version}`}`,
    name: `${group}:${artifact}`,
    ...(version === undefined ? {} : { version }),
    purl: { type: 'maven', namespace: group, name: artifact, version: version ?? null },
  };
}

/** A version that is a range or holds an unknown property pins nothing; `[1.2]` is exact. */
function pinned(version: string): string | undefined {
  const exact = /^\[([^,[\]()]+)\]$/.exec(version)?.[1] ?? version;
  return exact === '' || /[${}[\](),]/.test(exact) ? undefined : exact;
}

/** Replaces `${name}`, also where a property holds another; a cycle ends at the bound. */
function interpolate(text: string | undefined, properties: ReadonlyMap<string, string>): string {
  let value = text ?? '';
  for (let round = 0; round < 10 && value.includes('${') && value.length < 1000; round += 1) {
    const next = value.replace(
      /\$\{([^${}]+)\}/g,
      (whole, name: string) => properties.get(name.trim()) ?? whole,
    );
    if (next === value) break;
    value = next;
  }
  return value.trim();
}

function child(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((each) => each.name === name);
}

function textOf(element: XmlElement | undefined, name: string): string | undefined {
  return child(element, name)?.text.trim() || undefined;
}

function listOf(element: XmlElement | undefined, name: string): readonly XmlElement[] {
  return element?.children.filter((each) => each.name === name) ?? [];
}
