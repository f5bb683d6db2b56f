import { SbomError } from '../error.ts';
import { purlTypes } from './types.ts';

/** A package URL taken apart (purl-spec, ECMA-427). Absent parts are null; everything is decoded. */
export interface PackageUrl {
  readonly type: string;
  readonly namespace: string | null;
  readonly name: string;
  readonly version: string | null;
  readonly qualifiers: Readonly<Record<string, string>> | null;
  readonly subpath: string | null;
}

export interface PackageUrlParts {
  readonly type: string;
  readonly namespace?: string | null;
  readonly name: string;
  readonly version?: string | null;
  readonly qualifiers?: Readonly<Record<string, string>> | null;
  readonly subpath?: string | null;
}

const maxLength = 8192;

/**
 * Takes a package URL apart and brings each part into its canonical form.
 *
 * @throws SbomError `invalid-purl`, naming the part that is wrong. A qualifier key that starts with a capital is one of
 * them (the specification's own parsing cases refuse it), except with `lenient`, which folds it.
 */
export function parsePurl(text: string, options: { readonly lenient?: boolean } = {}): PackageUrl {
  if (text.length > maxLength) throw invalid(text, `is longer than ${maxLength} characters`);
  if (text.slice(0, 4).toLowerCase() !== 'pkg:') throw invalid(text, 'does not start with `pkg:`');
  let rest = text.slice(4).replace(/^\/+/, '');

  let subpath: string | null = null;
  const hash = rest.lastIndexOf('#');
  if (hash >= 0) {
    subpath = rest.slice(hash + 1);
    rest = rest.slice(0, hash);
  }
  let qualifiers: Record<string, string> | null = null;
  const question = rest.lastIndexOf('?');
  if (question >= 0) {
    qualifiers = parseQualifiers(text, rest.slice(question + 1), options.lenient ?? false);
    rest = rest.slice(0, question);
  }
  const slash = rest.indexOf('/');
  if (slash < 0) throw invalid(text, 'has no name');
  const type = rest.slice(0, slash);
  rest = rest.slice(slash + 1).replace(/^\/+|\/+$/g, '');

  let version: string | null = null;
  const at = rest.lastIndexOf('@');
  // An at sign at the start of a segment is an unencoded npm scope.
  if (at > 0 && rest[at - 1] !== '/') {
    version = decode(text, rest.slice(at + 1));
    rest = rest.slice(0, at);
  } else if (at >= 0 && !rest.slice(at).includes('/')) {
    throw invalid(text, 'has no name');
  }
  const path = rest.split('/');
  // A trailing slash before the version leaves no name.
  const nameAt = type.toLowerCase() === 'git' ? Math.min(1, path.length - 1) : path.length - 1;
  return normalize(text, {
    type,
    namespace: path
      .slice(0, nameAt)
      .filter((segment) => segment !== '')
      .map((segment) => decode(text, segment))
      .join('/'),
    name: path
      .slice(nameAt)
      .map((segment) => decode(text, segment))
      .join('/'),
    version,
    qualifiers,
    subpath:
      subpath
        ?.split('/')
        .map((segment) => decode(text, segment))
        .join('/') ?? null,
  });
}

/** The canonical text of the parts. @throws SbomError `invalid-purl` */
export function formatPurl(parts: PackageUrlParts): string {
  const url = normalize(String(parts.name), parts);
  let text = `pkg:${url.type}/`;
  if (url.namespace !== null) text += `${encodePath(url.namespace)}/`;
  text += url.type === 'git' ? encodePath(url.name) : encode(url.name);
  if (url.version !== null) text += `@${encode(url.version)}`;
  if (url.qualifiers !== null) {
    const keys = Object.keys(url.qualifiers).toSorted();
    text += `?${keys.map((key) => `${key}=${encode(url.qualifiers![key]!)}`).join('&')}`;
  }
  if (url.subpath !== null) text += `#${encodePath(url.subpath)}`;
  return text;
}

function normalize(shown: string, parts: PackageUrlParts): PackageUrl {
  const type = String(parts.type ?? '').toLowerCase();
  if (!/^[a-z][a-z0-9.-]*$/.test(type)) throw invalid(shown, `has a wrong type \`${type}\``);
  const rules = purlTypes.get(type) ?? {};

  let namespace = segments(parts.namespace).join('/') || null;
  if (namespace !== null && rules.lowerNamespace) namespace = namespace.toLowerCase();
  if (namespace !== null && rules.upperNamespace) namespace = namespace.toUpperCase();
  if (rules.namespace === 'required' && namespace === null) throw invalid(shown, 'needs a namespace');
  if (rules.namespace === 'prohibited' && namespace !== null) throw invalid(shown, 'must have no namespace');

  let name = parts.name ?? '';
  if (name === '') throw invalid(shown, 'has no name');
  if (rules.lowerName) name = name.toLowerCase();
  if (type === 'pypi') name = name.replaceAll('_', '-');
  // Databricks folds the names of models, Azure does not; forges fold theirs.
  const registry = parts.qualifiers?.['repository_url'] ?? '';
  if (type === 'mlflow' && /databricks/i.test(registry)) name = name.toLowerCase();
  if (type === 'git' && namespace !== null && /^(github|gitlab|bitbucket)(\.com|\.org)?$/i.test(namespace)) {
    namespace = namespace.toLowerCase();
    name = name.toLowerCase();
  }
  if (rules.name && !rules.name.test(name)) throw invalid(shown, `has a wrong name \`${name}\``);

  let version = parts.version || null;
  if (version !== null && rules.lowerVersion) version = version.toLowerCase();
  if (version !== null && rules.version && !rules.version.test(version)) {
    throw invalid(shown, `has a wrong version \`${version}\``);
  }
  const qualifiers = checkQualifiers(shown, parts.qualifiers);
  for (const key of rules.qualifiers ?? []) {
    if (qualifiers?.[key] === undefined) throw invalid(shown, `needs the qualifier \`${key}\``);
  }
  const subpath = segments(parts.subpath)
    .filter((segment) => segment !== '.' && segment !== '..')
    .join('/');
  return { type, namespace, name, version, qualifiers, subpath: subpath || null };
}

function segments(path: string | null | undefined): readonly string[] {
  return (path ?? '').split('/').filter((segment) => segment !== '');
}

function parseQualifiers(shown: string, text: string, lenient: boolean): Record<string, string> {
  const found: Record<string, string> = {};
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const key = equals < 0 ? pair : pair.slice(0, equals);
    if (!lenient && /^[A-Z]/.test(key)) throw invalid(shown, `has a qualifier \`${key}\` not in lower case`);
    Object.defineProperty(found, key.toLowerCase(), {
      value: equals < 0 ? '' : decode(shown, pair.slice(equals + 1)),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return found;
}

function checkQualifiers(
  shown: string,
  qualifiers: Readonly<Record<string, string>> | null | undefined,
): Readonly<Record<string, string>> | null {
  const kept: [string, string][] = [];
  for (const [key, value] of Object.entries(qualifiers ?? {})) {
    const folded = key.toLowerCase();
    if (!/^[a-z][a-z0-9._-]*$/.test(folded)) throw invalid(shown, `has a wrong qualifier \`${key}\``);
    if (value !== '' && value !== null) kept.push([folded, value]);
  }
  return kept.length === 0 ? null : Object.fromEntries(kept);
}

function decode(shown: string, text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid(shown, 'has a broken percent-encoding');
  }
}

function encodePath(path: string): string {
  return path.split('/').map(encode).join('/');
}

/** Everything but unreserved characters and the colon (purl-spec, "Character encoding"). */
function encode(text: string): string {
  if (/^[A-Za-z0-9._~:-]*$/.test(text)) return text;
  return encodeURIComponent(text.toWellFormed())
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%3A', ':');
}

function invalid(shown: string, why: string): SbomError {
  return new SbomError('invalid-purl', `package url \`${shown.slice(0, 200)}\` ${why}`);
}
