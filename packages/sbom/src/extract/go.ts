import { type ExtractedPackage, type Extractor, fileName } from './extraction.ts';

/** `go.mod` (go.dev/ref/mod). From Go 1.17 on it names every module that the build needs. */
export const goModules: Extractor = {
  name: 'go',
  matches: (path) => fileName(path) === 'go.mod',
  extract(file) {
    const required = new Map<string, { version: string; indirect: boolean }>();
    const replaced = new Map<string, readonly [path: string, version: string | undefined]>();
    let module = '';
    let language = '';
    let toolchain = '';
    let block = '';
    for (const raw of file.text().split(/\r?\n/)) {
      const indirect = /\/\/\s*indirect\b/.test(raw);
      const line = raw.replace(/\/\/.*$/, '').trim();
      if (line === '') continue;
      if (line === ')') {
        block = '';
        continue;
      }
      const opening = /^(\w+)\s*\($/.exec(line);
      if (opening !== null) {
        block = opening[1]!;
        continue;
      }
      const words = line.split(/\s+/).map((word) => word.replace(/^["`](.*)["`]$/, '$1'));
      const [verb, ...rest] = block === '' ? words : [block, ...words];
      if (verb === 'module') module = rest[0] ?? '';
      else if (verb === 'go') language = rest[0] ?? '';
      else if (verb === 'toolchain') toolchain = (rest[0] ?? '').replace(/^go/, '');
      else if (verb === 'require' && rest.length >= 2)
        required.set(rest[0]!, { version: rest[1]!, indirect });
      else if (verb === 'replace') {
        const arrow = rest.indexOf('=>');
        if (arrow > 0) replaced.set(rest[0]!, [rest[arrow + 1] ?? '', rest[arrow + 2]]);
      }
    }
    const packages: ExtractedPackage[] = [];
    const notRead: string[] = [];
    const direct: string[] = [];
    for (const [path, { version, indirect }] of required) {
      const [target, targetVersion] = replaced.get(path) ?? [path, version];
      if (/^[./]/.test(target)) {
        notRead.push(`\`${path}\` is replaced by the folder \`${target}\``);
        continue;
      }
      packages.push(goPackage(target, targetVersion ?? version));
      if (!indirect) direct.push(target);
    }
    if (toolchain !== '' && /^\d+(\.\d+)*$/.test(toolchain)) {
      packages.push(goPackage('stdlib', toolchain));
      direct.push('stdlib');
    }
    const [major = 0, minor = 0] = language.split('.').map(Number);
    if (required.size > 0 && (major < 1 || (major === 1 && minor < 17))) {
      notRead.push('names direct modules only (before go 1.17); run `go mod tidy -go=1.17` or newer');
    }
    // go.mod tells what is direct; which module brought an indirect one it does not tell.
    const indirects = packages.map((each) => each.ref).filter((ref) => !direct.includes(ref));
    const dependsOn = new Map<string, string[]>([['', direct]]);
    if (direct.length > 0) dependsOn.set('#indirect', indirects);
    return { packages, dependsOn, notRead, ...(module === '' ? {} : { project: { name: module } }) };
  },
};

function goPackage(path: string, version: string): ExtractedPackage {
  const slash = path.lastIndexOf('/');
  return {
    ref: path,
    name: path,
    version,
    purl: {
      type: 'golang',
      namespace: slash < 0 ? null : path.slice(0, slash),
      name: path.slice(slash + 1),
      version,
    },
  };
}
