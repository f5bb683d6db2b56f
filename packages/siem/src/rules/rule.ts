import type { EntityType, Level } from '@kydai/contracts';
import type { Comparison, Expression, FieldSource } from './expression.ts';

/** Sigma's three names for a log source; a rule applies where each one that it gives fits. */
export interface LogSource {
  readonly product?: string;
  readonly category?: string;
  readonly service?: string;
}

/** A field of the event and the kind of thing that its value names. */
export interface EntityField {
  readonly field: string;
  readonly type: EntityType;
}

/** What a plain rule and a correlation have in common. */
export interface RuleHead {
  readonly id: string;
  /** The short name by which correlations may refer to it. */
  readonly name?: string;
  readonly title: string;
  /** Vietnamese title, from the custom attribute `title_vi`. */
  readonly titleVi?: string;
  readonly description: string;
  /** The same in Vietnamese, from `description_vi`. */
  readonly descriptionVi?: string;
  readonly status: string;
  readonly level: Level;
  readonly tags: readonly string[];
  /** ATT&CK technique ids named by the tags. */
  readonly techniques: readonly string[];
  /** The incident category named by the tag `kydai.category.<name>`. */
  readonly category?: string;
  readonly falsePositives: readonly string[];
  /** The same in Vietnamese, from `falsepositives_vi`. */
  readonly falsePositivesVi: readonly string[];
  /** From the custom attribute `kydai.entities`; the detector's own list where absent. */
  readonly entities?: readonly EntityField[];
  readonly file: string;
  readonly line: number;
}

export interface SigmaRule extends RuleHead {
  readonly logsource: LogSource;
  /** Datasets that mappings of the city's own lead to it, each with the log source that its events are of. */
  readonly datasets?: readonly { readonly dataset: string; readonly logsource: LogSource }[];
  readonly expression: Expression;
  /** False where the rule only feeds correlations that do not set `generate`. */
  readonly reports: boolean;
}

export const correlationTypes = [
  'event_count',
  'value_count',
  'temporal',
  'temporal_ordered',
  'value_sum',
  'value_avg',
  'value_percentile',
  'value_median',
] as const;
export type CorrelationType = (typeof correlationTypes)[number];

export interface Threshold {
  readonly compare: Comparison;
  readonly value: number;
}

export interface CorrelationRule extends RuleHead {
  readonly type: CorrelationType;
  /** Ids of the rules and correlations that feed it, in the order written. */
  readonly rules: readonly string[];
  /** Milliseconds. */
  readonly timespan: number;
  /** Per field of the group, where each feeding rule keeps it: `byRule` overrides `field`. */
  readonly groupBy: readonly GroupField[];
  /** All must hold; empty for the temporal types. */
  readonly thresholds: readonly Threshold[];
  /** The fields whose values are counted or summed. */
  readonly valueFields: readonly FieldSource[];
  /** 0 to 100, for `value_percentile`. */
  readonly percentile: number;
  /** For the temporal types, which rules must have fired; undefined means all of them. */
  readonly requirement: Requirement | undefined;
  readonly reports: boolean;
}

export interface GroupField {
  readonly name: string;
  readonly field: FieldSource;
  /** By rule id. */
  readonly byRule: ReadonlyMap<string, FieldSource>;
}

/** A condition over rule ids, for the extended temporal correlations. */
export type Requirement =
  | { readonly kind: 'rule'; readonly id: string }
  | { readonly kind: 'and' | 'or'; readonly children: readonly Requirement[] }
  | { readonly kind: 'not'; readonly child: Requirement };

/** Rules that were read and may run together. */
export interface RuleSet {
  readonly rules: readonly SigmaRule[];
  /** In an order in which each comes after the correlations that feed it. */
  readonly correlations: readonly CorrelationRule[];
  /** Rules and correlations together. */
  readonly size: number;
}
