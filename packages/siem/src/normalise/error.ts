import { KydaiError } from '@kydai/contracts';

/** What can be wrong with the configuration of the normaliser. */
export type NormaliseErrorCode = 'unknown-zone' | 'bad-pattern' | 'bad-parser';

/** Thrown when a normaliser is made, never while it reads lines. */
export class NormaliseError extends KydaiError<NormaliseErrorCode> {}
