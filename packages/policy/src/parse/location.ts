import { PolicyError, type PolicyErrorCode } from '../error.ts';
import type { Source } from './source.ts';

/** What cedar-wasm says about an error; offsets are UTF-8 bytes. */
interface ReferenceError {
  readonly message: string;
  readonly help?: string | null;
  readonly sourceLocations?: readonly { readonly start: number; readonly label: string | null }[];
}

/** Our error for the first of the reference engine's, with file, line and column. `from` is where its text began. */
export function refusal(
  code: PolicyErrorCode,
  source: Source,
  errors: readonly ReferenceError[],
  from = 0,
): PolicyError {
  const error = errors[0] ?? { message: 'refused without a reason' };
  const at = error.sourceLocations?.[0];
  const place = at === undefined ? { file: source.file } : source.place(source.offsetOfByte(at.start, from));
  const advice = error.help ?? at?.label ?? '';
  const message = `${error.message}${advice === '' ? '' : `; ${advice}`}`;
  return new PolicyError(code, oneLine(message), place);
}

export function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').slice(0, 500);
}
