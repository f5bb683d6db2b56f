import { statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { Clock } from '@kydai/contracts';
import { SbomError } from '../error.ts';
import type { Bom } from '../model/bom.ts';
import type { Sourced } from './assemble.ts';
import type { ArchiveTree } from './image.ts';
import { isImageName } from './image-name.ts';
import { unlocked } from './unlocked.ts';
import { defaultLimits, findFiles, type NotRead, openSource, skipped, type WalkLimits } from './walk.ts';

export interface GenerateOptions {
  readonly clock: Clock;
  /** Name of the subject; the lockfile's own, or the folder's, unless told. */
  readonly name?: string;
  readonly version?: string;
  readonly limits?: Partial<WalkLimits>;
  /** Which one of an image for several platforms, such as `linux/arm64`; all of them unless told. */
  readonly platform?: string;
}

export interface Generated {
  readonly bom: Bom;
  /** The files that were read, relative. */
  readonly read: readonly string[];
  /** What is there and could not be read, and why. */
  readonly notRead: readonly NotRead[];
}

/**
 * Makes a CycloneDX 1.6 document from what lies at a path: a folder, one lockfile, or a container image as a tar. Nothing is executed and nothing
 * fetched; symbolic links are not followed; sizes, depth and the number of entries are bounded.
 *
 * @throws SbomError `not-found` when there is nothing at the path
 */
export async function generateSbom(path: string, options: GenerateOptions): Promise<Generated> {
  const limits = { ...defaultLimits, ...options.limits };
  // A scan of a finished document starts without the readers of a dozen formats.
  const { extractors } = await import('./index.ts');
  const isExtractable = (file: string) => extractors.some((extractor) => extractor.matches(file));
  const isWanted = (file: string) => isExtractable(file) || unlocked.some((each) => each.matches(file));
  const found = isImageFile(path)
    ? await inArchive(path, isWanted, options.platform)
    : inFolder(path, isWanted, limits);
  const notRead: NotRead[] = [...found.notRead];
  const sources: Sourced[] = [];
  for (const file of found.files) {
    const extractor = extractors.find((each) => each.matches(file));
    if (extractor === undefined) continue;
    try {
      const extraction = await extractor.extract(found.open(file));
      sources.push({ path: file, extraction });
      for (const reason of extraction.notRead ?? []) notRead.push({ path: file, reason });
    } catch (error) {
      notRead.push({ path: file, reason: reasonOf(error), failed: true });
    }
  }
  for (const file of found.files) {
    const reason = unlocked.find((each) => each.matches(file))?.reason(file, found.files);
    if (reason !== undefined && !isExtractable(file)) notRead.push({ path: file, reason });
  }
  const project = sources.find((source) => source.extraction.project?.name)?.extraction.project;
  const version = options.version ?? (options.name === undefined ? project?.version : undefined);
  // The licence list comes with a large library that only this act needs.
  const { assemble } = await import('./assemble.ts');
  const bom = assemble(
    sources,
    {
      name: options.name ?? project?.name ?? (basename(resolve(path)) || 'subject'),
      ...(version === undefined ? {} : { version }),
    },
    options.clock.now(),
  );
  return { bom, read: sources.map((source) => source.path), notRead };
}

function inFolder(path: string, wanted: (file: string) => boolean, limits: WalkLimits): ArchiveTree {
  const { root, files, notRead } = findFiles(path, wanted, limits);
  return { files, notRead, open: (file) => openSource(root, file, limits) };
}

function isImageFile(path: string): boolean {
  return isImageName(path) && statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** The same folders are passed over as on a disk: what matters of them is in the lockfiles. */
async function inArchive(
  path: string,
  wanted: (file: string) => boolean,
  platform: string | undefined,
): Promise<ArchiveTree> {
  const { readImage } = await import('./image.ts');
  const matters = (file: string) => wanted(file) && !file.split('/').some((part) => skipped.has(part));
  return readImage(path, matters, undefined, platform);
}

function reasonOf(error: unknown): string {
  if (error instanceof SbomError) return error.message;
  const text = error instanceof Error ? error.message : String(error);
  return `cannot be read: ${text.slice(0, 200)}`;
}
