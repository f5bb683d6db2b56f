/**
 * Whether a text is a host name of letters, digits and hyphens (RFC 1034 section 3.5, RFC 1123 section 2.1): labels of
 * 1 to 63 octets, 253 in all, no wildcard. Internationalised names come in their ASCII form. A name of digits alone in
 * its last label is refused: resolvers read it as an address.
 */
export function isDnsName(text: string): boolean {
  if (text.length === 0 || text.length > 253) return false;
  const labels = text.split('.');
  return (
    labels.every((label) => label.length <= 63 && /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?$/.test(label)) &&
    (labels.length === 1 || !/^[0-9]+$/.test(labels.at(-1)!))
  );
}
