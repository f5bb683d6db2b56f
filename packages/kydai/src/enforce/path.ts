/**
 * The path of a request target without its query, as every service reads it. Undefined for what two programs may read
 * as two paths: dot segments, empty segments, backslashes, path parameters, controls, and escapes of characters that
 * need none (RFC 3986 section 2.3) or that separate. An enforcement point must not guess.
 */
export function plainPath(target: string): string | undefined {
  const path = target.split('?', 1)[0]!;
  if (!path.startsWith('/') || path.length > 8192) return undefined;
  if (/[^\x21-\x7e]|[\\;#]|\/\/|\/\.{1,2}(?:\/|$)|%(?![0-9a-f]{2})/i.test(path)) return undefined;
  for (const [octet] of path.matchAll(/%[0-9a-f]{2}/gi)) {
    const byte = Number.parseInt(octet.slice(1), 16);
    if (byte < 0x20 || byte === 0x7f || /[A-Za-z0-9\-._~/\\%;]/.test(String.fromCharCode(byte)))
      return undefined;
  }
  return path.replace(/%[0-9a-f]{2}/gi, (octet) => octet.toUpperCase());
}

/** What a pattern's `{name}` segments stood for; undefined where the path does not fit. */
export type PathPattern = (path: string) => ReadonlyMap<string, string> | undefined;

/**
 * Reads `/cameras/{id}/stream` and `/readings/**`: `{name}` is one whole segment, `**` at the end is any number of
 * further ones, also none. Undefined for a pattern that is none.
 */
export function pathPattern(pattern: string): PathPattern | undefined {
  if (!pattern.startsWith('/')) return undefined;
  const open = pattern.endsWith('/**');
  const fixed = open ? pattern.slice(0, -3) : pattern;
  const segments = fixed.split('/').slice(1);
  const names = segments.map((segment) => /^\{([a-z][a-zA-Z0-9]*)\}$/.exec(segment)?.[1]);
  const texts = segments.map((segment) => encodeURI(segment));
  const named = names.filter((name) => name !== undefined);
  if (new Set(named).size !== named.length) return undefined;
  if (texts.some((text, index) => names[index] === undefined && /[*{}?]|%7B|%7D/i.test(text)))
    return undefined;
  if (
    plainPath(`/${texts.map((text, index) => (names[index] === undefined ? text : 'x')).join('/')}`) ===
    undefined
  )
    return undefined;
  return (path) => {
    const given = path.split('/').slice(1);
    if (open ? given.length < segments.length : given.length !== segments.length) return undefined;
    const values = new Map<string, string>();
    for (const [index, segment] of texts.entries()) {
      const name = names[index];
      const actual = given[index]!;
      if (name === undefined ? actual !== segment : actual === '') return undefined;
      if (name !== undefined) values.set(name, actual);
    }
    return values;
  };
}
