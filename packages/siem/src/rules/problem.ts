/** Why a rule, or a part of one, could not be used as its author wrote it. */
export type RuleProblemCode =
  | 'aggregation-unsupported'
  | 'condition-invalid'
  | 'correlation-cyclic'
  | 'correlation-invalid'
  | 'detection-invalid'
  | 'document-unknown'
  | 'field-missing'
  | 'file-too-large'
  | 'filter-invalid'
  | 'filter-selects'
  | 'id-duplicate'
  | 'modifier-invalid'
  | 'modifier-unknown'
  | 'pack-too-slow'
  | 'percentile-missing'
  | 'placeholder-escaped'
  | 'placeholder-unresolved'
  | 'reference-unknown'
  | 'regex-invalid'
  | 'rule-too-large'
  | 'selector-unmatched'
  | 'value-invalid'
  | 'yaml-invalid';

/** One finding about one rule. An `error` leaves the rule out; a `warning` says how it was understood. */
export interface RuleProblem {
  readonly code: RuleProblemCode;
  readonly severity: 'error' | 'warning';
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly message: string;
  /** The rule's id or title, where it was read that far. */
  readonly rule?: string;
}

/** Thrown inside the rule reader and turned into a `RuleProblem` at its edge; it never leaves this folder. */
export class RuleFault extends Error {
  readonly code: RuleProblemCode;
  readonly line: number;

  constructor(code: RuleProblemCode, line: number, message: string) {
    super(message);
    this.code = code;
    this.line = line;
  }
}

/** Quotes author's text for a message: one line, bounded. */
export function quote(text: string): string {
  const flat = text.replace(/[\p{Cc}`]/gu, ' ');
  return `\`${flat.length > 80 ? `${flat.slice(0, 77)}...` : flat}\``;
}
