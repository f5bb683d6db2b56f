export { SbomError, type SbomErrorCode } from './error.ts';
export { formatPurl, type PackageUrl, type PackageUrlParts, parsePurl } from './purl/purl.ts';
export { type VersionScheme, versionScheme } from './versions/index.ts';
