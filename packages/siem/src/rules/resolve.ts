import type { DraftCorrelation } from './correlation.ts';
import { quote, type RuleProblem } from './problem.ts';
import type { CorrelationRule, Requirement, RuleSet, SigmaRule } from './rule.ts';

/**
 * Looks up what correlations refer to, orders them so that each follows what feeds it, and silences the rules that only
 * feed correlations (specification 2.1: they report by themselves only under `generate: true`).
 */
export function resolveCorrelations(
  rules: readonly SigmaRule[],
  drafts: readonly DraftCorrelation[],
  problems: RuleProblem[],
): RuleSet {
  const byName = new Map<string, string>();
  for (const rule of [...rules, ...drafts]) {
    byName.set(rule.id, rule.id);
    if (rule.name !== undefined && !byName.has(rule.name)) byName.set(rule.name, rule.id);
  }
  const plain = new Set(rules.map((rule) => rule.id));
  const waiting = new Map(drafts.map((draft) => [draft.id, draft]));
  const done = new Map<string, CorrelationRule & { generate: boolean }>();
  const refuse = (draft: DraftCorrelation, code: RuleProblem['code'], message: string) => {
    waiting.delete(draft.id);
    problems.push({ code, severity: 'error', file: draft.file, line: draft.line, message, rule: draft.id });
  };

  for (let progress = true; progress; ) {
    progress = false;
    for (const draft of waiting.values()) {
      const ids = draft.rules.map((reference) => byName.get(reference));
      const missing = draft.rules.find((_, index) => {
        const id = ids[index];
        return id === undefined || (!plain.has(id) && !done.has(id) && !waiting.has(id));
      });
      if (missing !== undefined) {
        refuse(draft, 'reference-unknown', `no usable rule is called ${quote(missing)}`);
        progress = true;
      } else if (ids.every((id) => plain.has(id!) || done.has(id!))) {
        waiting.delete(draft.id);
        done.set(draft.id, named(draft, ids as string[]));
        progress = true;
      }
    }
  }
  for (const draft of [...waiting.values()])
    refuse(draft, 'correlation-cyclic', 'the correlation feeds itself');

  const silenced = new Set<string>();
  const generated = new Set<string>();
  for (const correlation of done.values()) {
    for (const id of correlation.rules) (correlation.generate ? generated : silenced).add(id);
  }
  const reports = (id: string) => generated.has(id) || !silenced.has(id);
  return {
    size: rules.length + done.size,
    rules: rules.map((rule) => (reports(rule.id) ? rule : { ...rule, reports: false })),
    correlations: [...done.values()].map(({ generate: _, ...rule }) => ({
      ...rule,
      reports: reports(rule.id),
    })),
  };

  function named(draft: DraftCorrelation, ids: readonly string[]): DraftCorrelation {
    const groupBy = draft.groupBy.map((group) => ({
      ...group,
      byRule: new Map([...group.byRule].map(([rule, field]) => [byName.get(rule) ?? rule, field])),
    }));
    const requirement = draft.requirement && rename(draft.requirement);
    return { ...draft, rules: [...new Set(ids)], groupBy, requirement };
  }

  function rename(node: Requirement): Requirement {
    if (node.kind === 'rule') return { kind: 'rule', id: byName.get(node.id) ?? node.id };
    if (node.kind === 'not') return { kind: 'not', child: rename(node.child) };
    return { kind: node.kind, children: node.children.map(rename) };
  }
}
