import { type ArchiveLimits, readZip } from '../database/archive.ts';
import { type ExtractedPackage, type Extractor, fileName } from './extraction.ts';
import { mavenPackage } from './maven.ts';

const archive = /\.(jar|war|ear|aar)$/i;
const limits: ArchiveLimits = { entries: 500_000, entryBytes: 256 * 1024 * 1024, totalBytes: 4 * 1024 ** 3 };
const maxDepth = 4;

/** Java archives, and those inside them: what Maven wrote into `META-INF/maven`, and else the file's name. */
export const javaArchives: Extractor = {
  name: 'jar',
  matches: (path) => archive.test(path),
  extract(file) {
    const packages = new Map<string, ExtractedPackage>();
    const notRead: string[] = [];
    read(
      file.path,
      Buffer.from(file.bytes.buffer, file.bytes.byteOffset, file.bytes.byteLength),
      packages,
      notRead,
      0,
    );
    return { packages: [...packages.values()], dependsOn: new Map(), notRead };
  },
};

function read(
  path: string,
  bytes: Buffer,
  packages: Map<string, ExtractedPackage>,
  notRead: string[],
  depth: number,
): void {
  let named = false;
  const wanted = (name: string) =>
    /^META-INF\/maven\/[^/]+\/[^/]+\/pom\.properties$/.test(name) || archive.test(name);
  for (const entry of readZip(path, bytes, wanted, limits)) {
    if (!archive.test(entry.name)) {
      const found = fromProperties(entry.bytes.toString('utf8'));
      if (found === undefined) continue;
      packages.set(found.ref, found);
      named = true;
    } else if (depth + 1 >= maxDepth) notRead.push(`\`${entry.name}\` lies deeper than ${maxDepth} archives`);
    else {
      named = true;
      try {
        read(entry.name, entry.bytes, packages, notRead, depth + 1);
      } catch (error) {
        notRead.push((error as Error).message);
      }
    }
  }
  if (named) return;
  const base = fileName(path).replace(archive, '');
  const [, name = base, version] = /^(.+?)-(\d[\w.+-]*)$/.exec(base) ?? [];
  packages.set(base, { ref: base, name, ...(version === undefined ? {} : { version }) });
}

function fromProperties(text: string): ExtractedPackage | undefined {
  const value = (key: string) => new RegExp(`^${key}\\s*[=:]\\s*(\\S+)\\s*$`, 'm').exec(text)?.[1];
  const group = value('groupId');
  const artifact = value('artifactId');
  return group === undefined || artifact === undefined
    ? undefined
    : mavenPackage(group, artifact, value('version'));
}
