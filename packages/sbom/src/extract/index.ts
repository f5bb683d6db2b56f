import type { Extractor } from './extraction.ts';
import { npm } from './npm.ts';

/** In the order in which they are asked; the first that matches a file reads it. */
export const extractors: readonly Extractor[] = [npm];
