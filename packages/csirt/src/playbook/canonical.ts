import { CsirtError } from '../error.ts';

/**
 * The JSON Canonicalization Scheme (RFC 8785): no white space, properties in the order of their UTF-16 code units,
 * numbers and strings as ECMAScript writes them. Throws `signature-invalid` for what JSON cannot hold, and for lone
 * surrogates, which have no UTF-8 form.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inner]) => `${text(name)}:${canonicalJson(inner)}`);
    return `{${members.join(',')}}`;
  }
  if (typeof value === 'string') return text(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  throw new CsirtError('signature-invalid', `\`${typeof value}\` has no canonical json`);
}

function text(value: string): string {
  if (!value.isWellFormed()) throw new CsirtError('signature-invalid', 'a text holds half a character');
  return JSON.stringify(value);
}
