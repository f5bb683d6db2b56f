import { type ExtractedPackage, type Extractor, fileName } from './extraction.ts';
import { mavenPackage } from './maven.ts';

/** Gradle's dependency locks: `gradle.lockfile`, and the older `gradle/dependency-locks/*.lockfile`. */
export const gradle: Extractor = {
  name: 'gradle',
  matches: (path) =>
    /^(buildscript-)?gradle\.lockfile$/.test(fileName(path)) ||
    /gradle\/dependency-locks\/[^/]+\.lockfile$/.test(path),
  extract(file) {
    const packages: ExtractedPackage[] = [];
    for (const raw of file.text().split(/\r?\n/)) {
      const line = raw.replace(/#.*$/, '').trim();
      const [coordinates = '', configurations = ''] = line.split('=');
      const [group, artifact, version] = coordinates.split(':');
      if (group === undefined || artifact === undefined || version === undefined) continue;
      const used = configurations.split(',').filter((each) => each !== '');
      const development = used.length > 0 && used.every((each) => /test/i.test(each));
      packages.push({ ...mavenPackage(group, artifact, version), ...(development ? { development } : {}) });
    }
    return { packages, dependsOn: new Map() };
  },
};
