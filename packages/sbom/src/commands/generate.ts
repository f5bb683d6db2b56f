import type { Clock } from '@kydai/contracts';
import { generateSbom } from '../extract/generate.ts';
import type { Bom } from '../model/bom.ts';
import { writeBom } from '../model/validate.ts';
import { clean, plural } from '../report/text.ts';
import type { GenerateFormat } from './choices.ts';
import { type CommandIo, type ExitCode, guarded } from './io.ts';
import { writeWhole } from './output.ts';

/** What we write is valid under both versions: 1.7 only adds to 1.6. */
const newest = { $schema: 'http://cyclonedx.org/schema/bom-1.7.schema.json', specVersion: '1.7' } as const;

export interface GenerateCommand {
  /** Folder or lockfile; the current folder unless told. */
  readonly path?: string;
  /** File to write; standard output unless told. */
  readonly output?: string;
  readonly name?: string;
  readonly version?: string;
  /** Who answers for the document: one of the minimum elements of an SBOM. */
  readonly author?: string;
  /** CycloneDX 1.6 JSON unless told. */
  readonly format?: GenerateFormat;
  /** Which one of an image for several platforms; all of them unless told. */
  readonly platform?: string;
  readonly clock: Clock;
}

/**
 * `kydai sbom generate [PATH]`: writes a CycloneDX 1.6 document, and says on `err` what was read and what was not.
 * Exit code 0, or 2 where nothing was found or something that was found could not be read.
 */
export function runGenerate(options: GenerateCommand, io: CommandIo): Promise<ExitCode> {
  return guarded(io, async () => {
    const {
      bom: made,
      read,
      notRead,
    } = await generateSbom(options.path ?? '.', {
      clock: options.clock,
      ...(options.platform === undefined ? {} : { platform: options.platform }),
      ...(options.name === undefined ? {} : { name: options.name }),
      ...(options.version === undefined ? {} : { version: options.version }),
    });
    const authors = options.author === undefined ? {} : { authors: [{ name: options.author }] };
    const bom: Bom = {
      ...made,
      ...(options.format === 'cyclonedx-1.7' ? newest : {}),
      metadata: { ...made.metadata, ...authors },
    };
    const spdx = options.format === 'spdx' ? await import('../spdx/from-cyclonedx.ts') : undefined;
    const text = spdx === undefined ? writeBom(bom) : spdx.writeSpdx(bom, options.clock.now());
    if (options.output === undefined) io.out(text);
    else writeWhole(options.output, text);
    const count = plural(bom.components?.length ?? 0, 'component');
    const from = read.length === 0 ? 'nothing that could be read' : read.map(clean).join(', ');
    io.err(`${count} from ${from}${options.output === undefined ? '' : `, written to ${options.output}`}\n`);
    for (const each of notRead) io.err(`not read: ${clean(each.path)}: ${clean(each.reason)}\n`);
    return read.length === 0 || notRead.some((each) => each.failed) ? 2 : 0;
  });
}
