const maximumLength = 16 * 1024;

/**
 * The DER of the one certificate in a header: PEM, percent-encoded as nginx (`$ssl_client_escaped_cert`) and Envoy
 * (`Cert` of `x-forwarded-client-cert`) give it. Undefined for anything else.
 */
export function certificateOf(escaped: string): Uint8Array | undefined {
  if (escaped.length > maximumLength) return undefined;
  let pem: string;
  try {
    pem = decodeURIComponent(escaped);
  } catch {
    return undefined;
  }
  const body = /^-----BEGIN CERTIFICATE-----\s+([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*$/.exec(
    pem,
  )?.[1];
  if (body === undefined) return undefined;
  const der = Buffer.from(body, 'base64');
  return der.length === 0 ? undefined : der;
}

/**
 * The `Cert` of the last element of Envoy's `x-forwarded-client-cert`, the one that the proxy before us added.
 * Undefined where there is not exactly one, or the header is malformed.
 */
export function forwardedCertificate(header: string): string | undefined {
  if (header.length > 4 * maximumLength) return undefined;
  const last = outsideQuotes(header, ',').at(-1) ?? '';
  const found = outsideQuotes(last, ';').flatMap((pair) => {
    const match = /^\s*Cert=(?:"((?:[^"\\]|\\.)*)"|([^"]*))\s*$/i.exec(pair);
    return match === null ? [] : [match[1] ?? match[2]!];
  });
  return found.length === 1 ? found[0] : undefined;
}

function outsideQuotes(text: string, separator: string): string[] {
  const parts = [''];
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    const protectedNext = quoted && character === '\\';
    if (character === '"') quoted = !quoted;
    if (character === separator && !quoted) parts.push('');
    else parts[parts.length - 1] += protectedNext ? character + (text[++at] ?? '') : character;
  }
  return parts;
}
