/**
 * The common name of a distinguished name as nginx gives it in `$ssl_client_s_dn` (RFC 4514) or Envoy in
 * `x-forwarded-client-cert`. Undefined unless there is exactly one and it is plain text: what is read two ways is
 * nobody.
 */
export function commonNameOf(name: string): string | undefined {
  if (name.length > 1_024) return undefined;
  const found = attributesOf(name).filter(([type]) => type === 'CN' || type === '2.5.4.3');
  const value = found[0]?.[1];
  return found.length === 1 && value !== undefined && /^[\x21-\x7e]+$/.test(value) ? value : undefined;
}

/** Attribute types, upper case, and values; `,` and `+` separate, a backslash or quotes protect. */
function attributesOf(name: string): [type: string, value: string][] {
  const attributes: [string, string][] = [];
  let text = '';
  let quoted = false;
  let escaped = false;
  const flush = () => {
    const equals = text.indexOf('=');
    if (equals > 0) attributes.push([text.slice(0, equals).trim().toUpperCase(), text.slice(equals + 1)]);
    text = '';
  };
  for (const character of name) {
    if (escaped) {
      // Marked, so that a protected character is never plain text.
      text += `\\${character}`;
      escaped = false;
    } else if (character === '\\') escaped = true;
    else if (character === '"') {
      quoted = !quoted;
      text += character;
    } else if (!quoted && (character === ',' || character === '+' || character === ';')) flush();
    else text += character;
  }
  flush();
  // A backslash or a quote in a value means that it was protected; a space makes it no id.
  return attributes.map(([type, value]) => [type, /["\\]/.test(value) ? ' ' : value.trim()]);
}

/**
 * The subject of the last element of Envoy's `x-forwarded-client-cert`: the one that the proxy before us added. Undefined
 * where there is none or the header is malformed.
 */
export function forwardedSubject(header: string): string | undefined {
  if (header.length > 16_384) return undefined;
  const last = splitOutsideQuotes(header, ',').at(-1) ?? '';
  const subjects = splitOutsideQuotes(last, ';')
    .map((pair) => /^\s*Subject="((?:[^"\\]|\\.)*)"\s*$/i.exec(pair)?.[1])
    .filter((subject) => subject !== undefined);
  return subjects.length === 1 ? subjects[0]!.replace(/\\(["\\])/g, '$1') : undefined;
}

function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts = [''];
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (quoted && character === '\\') {
      parts[parts.length - 1] += character + (text[++at] ?? '');
      continue;
    }
    if (character === '"') quoted = !quoted;
    if (character === separator && !quoted) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts;
}
