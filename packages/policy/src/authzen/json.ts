import { PolicyError } from '../error.ts';

const maximumDepth = 32;

/**
 * Parses JSON with every integer exact (a bigint beyond 2^53) and refuses deep nesting before it is parsed. Throws a
 * `PolicyError`: `request` for invalid JSON, `limit` for depth.
 */
export function parseExactJson(text: string): unknown {
  checkDepth(text);
  try {
    // A reviver is ten times slower; only text with a long run of digits can hold an integer that needs it.
    if (!/\d{16}/.test(text)) return JSON.parse(text);
    const parse = JSON.parse as (text: string, reviver: typeof exact) => unknown;
    return parse(text, exact);
  } catch (error) {
    throw new PolicyError('request', 'the body is not valid JSON; send one JSON object', undefined, {
      cause: error,
    });
  }
}

function exact(_: string, value: unknown, { source }: { readonly source: string }): unknown {
  return typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d{1,20}$/.test(source)
    ? BigInt(source)
    : value;
}

function checkDepth(text: string): void {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (quoted) {
      if (unit === 0x5c) at++;
      else if (unit === 0x22) quoted = false;
    } else if (unit === 0x22) quoted = true;
    else if (unit === 0x5b || unit === 0x7b) {
      if (++depth > maximumDepth) {
        throw new PolicyError('limit', `the body nests deeper than ${maximumDepth} levels; flatten it`);
      }
    } else if (unit === 0x5d || unit === 0x7d) depth--;
  }
}
