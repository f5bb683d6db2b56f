import type { Finding } from '@kydai/contracts';
import type { AdvisoryDatabase } from '../database/open.ts';
import type { Assessment } from '../match/assess.ts';
import { explain } from '../match/explain.ts';
import { allComponents, type Bom } from '../model/bom.ts';
import type { Opinion } from './read.ts';

/** How another scanner's finding stands to ours. */
export type Standing =
  | 'agreed'
  /** Ours alone: the other scanner did not report it. */
  | 'only-ours'
  /** The component is not in the document that we judged. */
  | 'component-not-here'
  /** The component is here and could not be assessed. */
  | 'not-assessed'
  /** The database does not know the record; import a source that does. */
  | 'advisory-unknown'
  /** The record is known, and does not speak of this package. */
  | 'package-not-named'
  /** The record speaks of the package, and the version lies in none of its ranges. */
  | 'version-not-affected';

export interface Comparison {
  readonly standing: Standing;
  readonly component: string;
  readonly advisory: string;
  /** In words, for a person who must decide who is right. */
  readonly detail: string;
}

/** Every finding of either side once, with the reason where they disagree. */
export function compareOpinions(
  bom: Bom,
  assessment: Assessment,
  database: AdvisoryDatabase,
  opinions: readonly Opinion[],
): readonly Comparison[] {
  const components = allComponents(bom);
  const isSame = (finding: Finding, other: Opinion) =>
    [finding.advisory, ...finding.aliases].some((id) => other.ids.includes(id)) &&
    isAbout(finding.component, other);
  const compared = new Map<string, Comparison>();
  const met = new Set<Finding>();
  for (const other of opinions) {
    const component = `${other.name}@${other.version}`;
    const advisory = other.ids[0] ?? '';
    const ours = assessment.findings.filter((finding) => isSame(finding, other));
    for (const finding of ours) met.add(finding);
    const put = (standing: Standing, detail: string) =>
      compared.set(`${component} ${advisory}`, { standing, component, advisory, detail });
    const here = components.find((each) =>
      isAbout({ name: each.name, version: each.version ?? '', purl: each.purl ?? '' }, other),
    );
    const blind = assessment.notAssessed.find((spot) => isAbout(spot.component, other));
    if (ours.length > 0) put('agreed', ours[0]!.proof.range);
    else if (here === undefined) put('component-not-here', `${other.scanner} saw it elsewhere`);
    else if (blind !== undefined) put('not-assessed', blind.detail);
    else if (!other.ids.some((id) => database.byId(id).length > 0))
      put('advisory-unknown', 'no record of it was imported');
    else {
      const purl = here.purl ?? here.name;
      const tried = other.ids.flatMap(
        (id) => explain(bom, database, { advisory: id, component: purl }).explanations,
      );
      const [first] = tried;
      if (first === undefined) put('package-not-named', 'the record is about other packages');
      else put('version-not-affected', `${first.ranges.join('; ') || 'no range'} (${first.comparator})`);
    }
  }
  for (const finding of assessment.findings) {
    if (met.has(finding)) continue;
    const component = `${finding.component.name}@${finding.component.version}`;
    const { advisory } = finding;
    const detail = `${finding.proof.range} (${finding.proof.comparator})`;
    compared.set(`ours ${component} ${advisory}`, { standing: 'only-ours', component, advisory, detail });
  }
  return [...compared.values()].toSorted(
    (a, b) => order(a) - order(b) || (a.component < b.component ? -1 : 1),
  );
}

const standings: readonly Standing[] = [
  'only-ours',
  'version-not-affected',
  'package-not-named',
  'advisory-unknown',
  'not-assessed',
  'component-not-here',
  'agreed',
];

function order(each: Comparison): number {
  return standings.indexOf(each.standing);
}

/** By package URL without qualifiers where both have one, else by name and version. */
function isAbout(
  component: { readonly name: string; readonly version: string; readonly purl: string },
  other: Opinion,
): boolean {
  const bare = (purl: string) => purl.split(/[?#]/)[0];
  if (other.purl !== '' && component.purl !== '') return bare(other.purl) === bare(component.purl);
  const shortest = (name: string) => name.split(/[/:]/).at(-1)!.toLowerCase();
  return component.version === other.version && shortest(component.name) === shortest(other.name);
}
