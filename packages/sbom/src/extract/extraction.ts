import type { PackageUrlParts } from '../purl/purl.ts';

/** A package as a lockfile or an installed database names it. */
export interface ExtractedPackage {
  /** Names it within this extraction, for the edges. */
  readonly ref: string;
  /** Full display name: `@scope/name`, `group:artifact`, `github.com/a/b`. */
  readonly name: string;
  /** Absent where the file does not pin it. */
  readonly version?: string;
  /** Absent where no registry knows it. */
  readonly purl?: PackageUrlParts;
  readonly development?: boolean;
  readonly optional?: boolean;
  /** A workspace member or the like: part of the project itself, so not looked up among advisories. */
  readonly firstParty?: boolean;
  /** As written: SPDX ids, expressions or names. */
  readonly licenses?: readonly string[];
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
}

/** What one file says. The project itself has the ref `''`. */
export interface Extraction {
  readonly packages: readonly ExtractedPackage[];
  /** Edges by ref; refs that no package has are ignored. Without edges everything hangs from the project. */
  readonly dependsOn: ReadonlyMap<string, readonly string[]>;
  /** Name and version of the project, where the file has them. */
  readonly project?: { readonly name?: string; readonly version?: string };
  /** What the file names but does not pin, in words. */
  readonly notRead?: readonly string[];
}

/** A file offered to the extractors. `path` is relative, with forward slashes. */
export interface SourceFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** The text; UTF-8, or UTF-16 where it says so. Throws `invalid-bom` where it is neither. */
  text(): string;
  /** The text of another file of the same folder; undefined where there is none. */
  sibling(name: string): string | undefined;
}

/** Reads one kind of file. Pure: nothing is executed and nothing fetched. */
export interface Extractor {
  readonly name: string;
  /** By the relative path alone. */
  matches(path: string): boolean;
  /** Throws on a file that it cannot read; the caller reports it. */
  extract(file: SourceFile): Extraction | Promise<Extraction>;
}

/** The last segment of a relative path. */
export function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

export type JsonObject = { readonly [key: string]: unknown };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value as an object; an empty one where it is something else. */
export function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

export function arrayOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Parses JSON that must be an object. */
export function parseJsonObject(file: SourceFile): JsonObject {
  const value: unknown = JSON.parse(file.text());
  if (!isObject(value)) throw new TypeError('is not a JSON object');
  return value;
}
