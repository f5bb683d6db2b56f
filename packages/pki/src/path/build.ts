import type { ParsedCertificate } from '../x509/certificate.ts';
import { type PathOptions, pathFault, sameNameText } from './validate.ts';

/** A valid path, or why the nearest candidate was none. */
export type PathVerdict =
  | { readonly path: readonly ParsedCertificate[] }
  | { readonly path?: never; readonly fault: string };

const longest = 8;
const mostTried = 256;

/**
 * Finds a valid path from one of the anchors to a certificate over the given intermediates. Bounded: paths of at most
 * eight certificates, 256 candidates tried.
 */
export function findPath(
  target: ParsedCertificate,
  pool: readonly ParsedCertificate[],
  options: Omit<PathOptions, 'anchor'> & { readonly anchors: readonly ParsedCertificate[] },
): PathVerdict {
  let fault = 'no path leads to a trusted authority';
  let tried = 0;
  const open: (readonly ParsedCertificate[])[] = [[target]];
  for (let path = open.pop(); path !== undefined && tried < mostTried; path = open.pop()) {
    const first = path[0]!;
    for (const anchor of options.anchors) {
      if (!sameNameText(first.issuer, anchor.subject)) continue;
      tried++;
      const found = pathFault(path, { ...options, anchor });
      if (found === undefined) return { path };
      fault = found;
    }
    if (path.length >= longest) continue;
    for (const candidate of pool) {
      if (!path.includes(candidate) && sameNameText(first.issuer, candidate.subject)) {
        open.unshift([candidate, ...path]);
      }
    }
  }
  return { fault };
}
