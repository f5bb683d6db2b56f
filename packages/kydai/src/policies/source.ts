import type { PolicyEntity } from '@kydai/contracts';
import { type PolicySet, type PolicyTestReport, readEntities, type TemplateLink } from '@kydai/policy';
import { readPolicies } from '../boot/content.ts';
import type { Config } from '../config/schema.ts';
import type { BundleSource } from './bundle-source.ts';
import { asJson, linksOf, type PolicySources, prepare } from './candidate.ts';

/** The text of a policy set, with the cases that try it. */
export interface PolicyFiles extends Pick<PolicySources, 'schema' | 'policies' | 'policyTests'> {
  readonly links?: readonly TemplateLink[];
}

/** Where a policy set comes from, and the set, ready for the engine. */
export interface ReadPolicies {
  readonly policySet: PolicySet;
  /** Cases that held; none for a bundle, whose cases were run before it was signed. */
  readonly cases: number;
  /** What the cases showed, and the files that all of it was read from. */
  readonly report?: PolicyTestReport;
  readonly files: PolicyFiles;
  /** Entities that the content folder declares. */
  readonly entities: readonly PolicyEntity[];
  /** Of a bundle. */
  readonly version?: number;
}

/** Reads the policies anew, at the start and at each reload. Throws what makes them unfit; then nothing has changed. */
export type PolicySource = () => Promise<ReadPolicies>;

/** The source that the configuration names: the content folder, or a signed bundle of the centre's. */
export function policySource(config: Config, bundle: BundleSource | undefined): PolicySource {
  if (bundle === undefined) return async () => fromFolder(readPolicies(config.content));
  let first = true;
  return async () => {
    // A bundle holds policies; what there is at the site is the site's to say.
    const entities = readPolicies(config.content).entities.map(asJson).flatMap(readEntities);
    const read = await bundle.read(first);
    first = false;
    return { ...read, entities };
  };
}

function fromFolder(content: PolicySources): ReadPolicies {
  const { policySet, report, entities } = prepare(content);
  return {
    policySet,
    cases: report.passed,
    report,
    files: { ...content, links: linksOf(content) },
    entities,
  };
}
