import type { AdvisoryDatabase } from '../database/open.ts';
import { allComponents, type Bom } from '../model/bom.ts';
import { dependencyGraph } from '../model/graph.ts';
import { displayName, locate } from './assess.ts';
import { evaluate } from './range.ts';

/** What was decided about one component under one advisory, and on what ground. */
export interface Explanation {
  readonly component: string;
  readonly purl: string;
  readonly advisory: string;
  readonly aliases: readonly string[];
  readonly affected: boolean;
  /** The range that holds the version; where none does, all the ranges that were tried. */
  readonly ranges: readonly string[];
  readonly comparator: string;
  readonly fixed: readonly string[];
  /** From the direct dependency down to the component. */
  readonly path: readonly string[];
}

export interface Question {
  /** Id or alias; all of them without it. */
  readonly advisory?: string;
  /** Package URL, with or without version, or the component's name; all of them without it. */
  readonly component?: string;
}

export interface Answer {
  readonly explanations: readonly Explanation[];
  /** Components that the question names and that could not be assessed, with the reason. */
  readonly blind: readonly { readonly component: string; readonly reason: string }[];
  /** Whether the database knows the advisory at all. */
  readonly known: boolean;
}

/** Why a component is a finding, or why it is none: every record on the package, and how its ranges were read. */
export function explain(bom: Bom, database: AdvisoryDatabase, question: Question): Answer {
  const graph = dependencyGraph(bom);
  const all = allComponents(bom);
  const names = new Map(all.map((each) => [each['bom-ref'] ?? '', displayName(each)]));
  const explanations: Explanation[] = [];
  const blind: { component: string; reason: string }[] = [];
  const { advisory: wanted, component: asked } = question;
  for (const component of all) {
    const shown = displayName(component);
    const purl = component.purl ?? '';
    const isAsked =
      asked === undefined ||
      [shown, component.name, shown.replace(/@[^@]*$/, '')].includes(asked) ||
      isSamePackage(asked, purl);
    if (!isAsked) continue;
    const target = locate(component, database);
    if ('reason' in target) {
      if (asked !== undefined) blind.push({ component: shown, reason: target.detail });
      continue;
    }
    for (const { advisory, affected } of database.lookup(target.ecosystem, target.name)) {
      if (wanted !== undefined && advisory.id !== wanted && !advisory.aliases.includes(wanted)) continue;
      const verdict = evaluate(target.version, affected, target.scheme);
      const tried = affected.ranges.map((range) =>
        range.events.map(([kind, at]) => `${kind} ${at}`).join(', '),
      );
      explanations.push({
        component: shown,
        purl,
        advisory: advisory.id,
        aliases: advisory.aliases,
        affected: verdict.affected,
        ranges: verdict.affected ? [verdict.range] : affected.gitOnly ? ['commits only'] : tried,
        comparator: verdict.comparator,
        // A fix of an older line is none for this version.
        fixed: verdict.fixed
          .filter((fix) => target.scheme.compare(fix, target.version) > 0)
          .toSorted((a, b) => target.scheme.compare(a, b)),
        path: graph.path(component['bom-ref'] ?? '').map((ref) => names.get(ref) ?? ref),
      });
    }
  }
  return { explanations, blind, known: wanted === undefined || database.byId(wanted).length > 0 };
}

function isSamePackage(asked: string, purl: string): boolean {
  return purl !== '' && (asked === purl || purl.startsWith(`${asked}@`) || purl.startsWith(`${asked}?`));
}
