/** What stands inside a seal; the names are those of RFC 7519 where it has one. */
export interface SealedClaims {
  /** The device's id. */
  readonly sub: string;
  /** SHA-256 of the receiver's SubjectPublicKeyInfo, base64url: a seal cannot be passed on to someone else. */
  readonly aud: string;
  /** Unique for each seal. */
  readonly jti: string;
  /** When it was sealed, epoch milliseconds. */
  readonly iat: number;
  /** Plain JSON. */
  readonly reading: unknown;
}

const names: ReadonlySet<string> = new Set(['sub', 'aud', 'jti', 'iat', 'reading']);
const deepest = 64;

/**
 * Claims that are whole and hold nothing else; undefined otherwise. By hand, because a library for schemas takes more
 * memory than all else that a device does.
 */
export function readClaims(value: unknown): SealedClaims | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { sub, aud, jti, iat, reading } = value as Record<string, unknown>;
  const known = Object.keys(value).every((name) => names.has(name));
  const whole =
    known &&
    isText(sub, 1, 64) &&
    isText(aud, 0, 128) &&
    isText(jti, 8, 128) &&
    Number.isSafeInteger(iat) &&
    (iat as number) >= 0 &&
    isJson(reading, deepest);
  return whole ? (value as SealedClaims) : undefined;
}

function isText(value: unknown, least: number, most: number): boolean {
  return typeof value === 'string' && value.length >= least && value.length <= most;
}

/** Whether JSON gives the value back as it is. */
function isJson(value: unknown, left: number): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || left === 0) return false;
  if (Array.isArray(value)) return value.every((each) => isJson(each, left - 1));
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  return Object.values(value).every((each) => isJson(each, left - 1));
}
