import { KydaiError } from '@kydai/contracts';

/**
 * Why the engine refused something: `parse` policy text, `schema` schema text, `validate` a policy against the schema,
 * `duplicate` two policies with one id, `link` a template link, `entity` an entity or its hierarchy, `request` a
 * malformed access request, `limit` input larger or deeper than we accept, `bundle` a signed bundle.
 */
export type PolicyErrorCode =
  | 'parse'
  | 'schema'
  | 'validate'
  | 'duplicate'
  | 'link'
  | 'entity'
  | 'request'
  | 'limit'
  | 'bundle';

/** Where in a source file; `line` and `column` start at 1, columns count UTF-16 units. */
export interface SourcePlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Every error that this package throws on purpose. */
export class PolicyError extends KydaiError<PolicyErrorCode> {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;

  constructor(code: PolicyErrorCode, message: string, place?: Partial<SourcePlace>, options?: ErrorOptions) {
    super(code, message, options);
    if (place?.file !== undefined) this.file = place.file;
    if (place?.line !== undefined) this.line = place.line;
    if (place?.column !== undefined) this.column = place.column;
  }
}
