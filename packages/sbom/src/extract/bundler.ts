import { type ExtractedPackage, type Extractor, fileName } from './extraction.ts';

/** `Gemfile.lock` (bundler.io): sections at the margin, gems at four spaces, what they need at six. */
export const bundler: Extractor = {
  name: 'bundler',
  matches: (path) => /^(Gemfile\.lock|gems\.locked)$/.test(fileName(path)),
  extract(file) {
    const packages = new Map<string, ExtractedPackage>();
    const dependsOn = new Map<string, string[]>([['', []]]);
    let section = '';
    let current = '';
    for (const line of file.text().split(/\r?\n/)) {
      if (/^\S/.test(line)) {
        section = line.trim();
        continue;
      }
      const spec = /^ {4}(\S+) \(([^)]+)\)$/.exec(line);
      const need = /^ {6}([^\s(!]+)/.exec(line);
      const direct = /^ {2}([^\s(!]+)/.exec(line);
      if (section === 'DEPENDENCIES') {
        if (direct !== null) dependsOn.get('')!.push(direct[1]!);
      } else if (spec !== null && ['GEM', 'GIT', 'PATH', 'PLUGIN SOURCE'].includes(section)) {
        current = spec[1]!;
        packages.set(current, gem(current, spec[2]!, section === 'PATH'));
        dependsOn.set(current, dependsOn.get(current) ?? []);
      } else if (need !== null && current !== '') dependsOn.get(current)!.push(need[1]!);
    }
    if (packages.size === 0 && !file.text().includes('DEPENDENCIES'))
      throw new TypeError('is no lockfile of bundler');
    return { packages: [...packages.values()], dependsOn };
  },
};

function gem(name: string, written: string, own: boolean): ExtractedPackage {
  // `1.15.0-x86_64-linux` is version 1.15.0 built for a platform.
  const [, version = written, platform] = /^([0-9][^-]*)-(.+)$/.exec(written) ?? [];
  return {
    ref: name,
    name,
    version,
    ...(own
      ? { firstParty: true }
      : { purl: { type: 'gem', name, version, qualifiers: platform === undefined ? null : { platform } } }),
  };
}
