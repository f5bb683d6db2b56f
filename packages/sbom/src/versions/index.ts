import { alpine } from './alpine.ts';
import type { VersionScheme } from './compare.ts';
import { cran } from './cran.ts';
import { debian } from './debian.ts';
import { hackage } from './hackage.ts';
import { maven } from './maven.ts';
import { nuget } from './nuget.ts';
import { packagist } from './packagist.ts';
import { pub } from './pub.ts';
import { pypi } from './pypi.ts';
import { redhat } from './redhat.ts';
import { rubygems } from './rubygems.ts';
import { semver } from './semver.ts';

export type { VersionScheme } from './compare.ts';

/** By the base name of the OSV ecosystem (what stands before a colon). */
const schemes: ReadonlyMap<string, VersionScheme> = new Map([
  ['npm', semver],
  ['Go', semver],
  ['crates.io', semver],
  ['Hex', semver],
  ['SwiftURL', semver],
  ['GitHub Actions', semver],
  ['Bitnami', semver],
  ['Julia', semver],
  ['VSCode', semver],
  ['PyPI', pypi],
  ['Maven', maven],
  ['RubyGems', rubygems],
  ['Packagist', packagist],
  ['NuGet', nuget],
  ['Pub', pub],
  ['CRAN', cran],
  ['Bioconductor', cran],
  ['Hackage', hackage],
  ['GHC', hackage],
  ['Debian', debian],
  ['Ubuntu', debian],
  ['Echo', debian],
  ['Alpine', alpine],
  ['Wolfi', alpine],
  ['Chainguard', alpine],
  ['Alpaquita', alpine],
  ['MinimOS', alpine],
  ['Red Hat', redhat],
  ['AlmaLinux', redhat],
  ['Rocky Linux', redhat],
  ['openSUSE', redhat],
  ['SUSE', redhat],
  ['Mageia', redhat],
  ['openEuler', redhat],
  ['Photon OS', redhat],
]);

/**
 * How the versions of an OSV ecosystem are ordered; `Debian:12` and `Debian` have the same scheme. Undefined for an
 * ecosystem that we cannot order: its components are reported as not assessed.
 */
export function versionScheme(ecosystem: string): VersionScheme | undefined {
  const colon = ecosystem.indexOf(':');
  return schemes.get(colon < 0 ? ecosystem : ecosystem.slice(0, colon));
}
