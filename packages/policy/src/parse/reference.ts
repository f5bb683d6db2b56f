import { createRequire } from 'node:module';
import { PolicyError } from '../error.ts';

type Reference = typeof import('@cedar-policy/cedar-wasm/nodejs');

const require = createRequire(import.meta.url);
let reference: Reference | undefined;

/** A WebAssembly instance of its own each time: the package keeps one for the life of the module. */
function instantiate(): Reference {
  const path = require.resolve('@cedar-policy/cedar-wasm/nodejs');
  delete require.cache[path];
  return require(path) as Reference;
}

/**
 * Calls the reference engine. An instance whose stack ran out never answers again, so it is thrown away: text that is
 * too deep for it is refused (`limit`) and the next call works.
 */
export function callReference<T>(file: string, call: (reference: Reference) => T): T {
  reference ??= instantiate();
  try {
    return call(reference);
  } catch (error) {
    if (!(error instanceof Error) || (error.name !== 'RuntimeError' && error.name !== 'RangeError'))
      throw error;
    reference = undefined;
    throw new PolicyError(
      'limit',
      'too deep or too long to be checked; split it',
      { file },
      { cause: error },
    );
  }
}
