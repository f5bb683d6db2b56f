import { statSync } from 'node:fs';
import { basename } from 'node:path';
import type { CedarUid, Clock, Decide } from '@kydai/contracts';
import type { Trust } from '../attest/dsse.ts';
import { openAdvisories } from '../database/open.ts';
import { SbomError } from '../error.ts';
import { isImageName } from '../extract/image-name.ts';
import type { NotRead } from '../extract/walk.ts';
import { readBounded } from '../extract/walk.ts';
import { type GateResult, gate } from '../gate/gate.ts';
import { readSigners } from '../gate/signers.ts';
import { applyVex, readVex } from '../gate/vex.ts';
import { readWaivers } from '../gate/waiver.ts';
import { verifyWaivers } from '../gate/waiver-signature.ts';
import { assess } from '../match/assess.ts';
import type { Bom } from '../model/bom.ts';
import { maxBomBytes } from '../model/read.ts';
import { parseAnyBom } from '../model/validate.ts';
import type { GateFormat } from './choices.ts';
import { type CommandIo, type ExitCode, guarded } from './io.ts';
import { writeWhole } from './output.ts';

export interface GateCommand {
  /** An SBOM, a lockfile, or a folder to make an SBOM from; the current folder unless told. */
  readonly path?: string;
  /** Path of the advisory database. */
  readonly database: string;
  readonly waivers?: string;
  /** File that says who may sign waivers; without one none of them holds. */
  readonly signers?: string;
  /** Whose certificates count, given the roots of that file; without it only declared keys do. */
  readonly certifiedBy?: (roots: readonly string[]) => Trust;
  /** VEX documents, OpenVEX or CycloneDX; the later ones replace what the earlier ones say. */
  readonly vex?: readonly string[];
  /** An SBOM, lockfile or folder as it was before: the report tells what came in with the change. */
  readonly base?: string;
  readonly format?: GateFormat;
  /** File to write the report to; standard output unless told. */
  readonly output?: string;
  /** Which one of an image for several platforms; all of them unless told. */
  readonly platform?: string;
  /** Id of the `Build`; the subject's name and version unless told. */
  readonly build?: string;
  /** Part of the city's network that the build is for. */
  readonly zone?: string;
  /** Is given the result after the report is written. */
  readonly onResult?: (result: GateResult) => Promise<void>;
  readonly principal: CedarUid;
  readonly decide: Decide;
  readonly clock: Clock;
}

/** `kydai sbom gate [PATH]`: exit code 0 where it may ship, 1 where not, 2 where that could not be checked. */
export function runGate(options: GateCommand, io: CommandIo): Promise<ExitCode> {
  return guarded(io, async () => {
    const { result, bom } = await evaluateSubject(options);
    const text = await render(result, bom, options, io);
    if (options.output === undefined) io.out(text);
    else {
      writeWhole(options.output, text);
      io.err(`${result.verdict}: report written to ${options.output}\n`);
    }
    await options.onResult?.(result);
    return result.verdict === 'pass' ? 0 : result.verdict === 'fail' ? 1 : 2;
  });
}

/** What the command decides, without writing anything. @throws SbomError */
export async function evaluateGate(options: GateCommand): Promise<GateResult> {
  return (await evaluateSubject(options)).result;
}

/** The same with the document that was judged. */
export async function evaluateSubject(
  options: Omit<GateCommand, 'format' | 'output'>,
): Promise<{ readonly result: GateResult; readonly bom: Bom }> {
  const path = options.path ?? '.';
  // The database first: without it there is no use in reading anything else.
  const database = openAdvisories(options.database);
  try {
    const { waivers, unsigned } = await waiversOf(options);
    const { bom, notRead } = await readSubject(path, options.clock, options.platform);
    const subject = bom.metadata?.component;
    const version = subject?.version === undefined ? '' : `@${subject.version}`;
    const system = subject === undefined ? basename(path) : `${subject.name}${version}`;
    const assessment = assess(bom, database, { system: options.build ?? system, notRead });
    const statements = (options.vex ?? []).flatMap((file) =>
      readVex(readBounded(file, maxBomBytes).toString('utf8'), file),
    );
    const base =
      options.base === undefined
        ? undefined
        : assess((await readSubject(options.base, options.clock, options.platform)).bom, database, {
            system,
          });
    const result = gate({
      assessment,
      decide: options.decide,
      principal: options.principal,
      build: options.build ?? system,
      now: options.clock.now(),
      waivers,
      unsigned,
      ...(options.zone === undefined ? {} : { zone: options.zone }),
      vex: applyVex(bom, assessment.findings, statements),
      ...(base === undefined ? {} : { base: base.findings }),
    });
    return { result, bom };
  } finally {
    database.close();
  }
}

async function waiversOf(options: Pick<GateCommand, 'waivers' | 'signers' | 'certifiedBy'>) {
  const { waivers, signers, certifiedBy = () => nobody } = options;
  if (waivers === undefined) return { waivers: [], unsigned: [] };
  const text = (file: string) => readBounded(file, 16 * 1024 * 1024).toString('utf8');
  const entries = await readWaivers(text(waivers), waivers);
  const people = signers === undefined ? undefined : await readSigners(text(signers), signers);
  return verifyWaivers(entries, people, certifiedBy);
}

const nobody: Trust = () => ({ fault: 'certificates are not checked here' });

const isBom = /"bomFormat"|cyclonedx\.org\/schema/;

/** An SBOM says what it is in its first lines; a lockfile is known by its name, as everywhere. */
export async function readSubject(
  path: string,
  clock: Clock,
  platform?: string,
): Promise<{ readonly bom: Bom; readonly notRead: readonly NotRead[] }> {
  let isFolder: boolean;
  try {
    isFolder = statSync(path).isDirectory();
  } catch (error) {
    throw new SbomError('not-found', `nothing at \`${path}\`; name an sbom, a lockfile or a folder`, {
      cause: error,
    });
  }
  if (!isFolder) {
    if (isImageName(path)) return generateFrom(path, clock, platform);
    const bytes = readBounded(path, maxBomBytes);
    const head = bytes.toString('latin1', 0, 4096);
    const { extractors } = isBom.test(head) ? { extractors: [] } : await import('../extract/index.ts');
    if (!extractors.some((extractor) => extractor.matches(basename(path)))) {
      return { bom: await parseAnyBom(bytes, path), notRead: [] };
    }
  }
  return generateFrom(path, clock);
}

async function generateFrom(path: string, clock: Clock, platform?: string) {
  const { generateSbom } = await import('../extract/generate.ts');
  return generateSbom(path, { clock, ...(platform === undefined ? {} : { platform }) });
}

async function render(result: GateResult, bom: Bom, options: GateCommand, io: CommandIo): Promise<string> {
  switch (options.format ?? 'table') {
    case 'json':
      return (await import('../report/json.ts')).renderJson(result);
    case 'markdown':
      return (await import('../report/markdown.ts')).renderMarkdown(result);
    case 'sarif':
      return (await import('../report/sarif.ts')).renderSarif(result, options.path ?? '.');
    case 'junit':
      return (await import('../report/junit.ts')).renderJunit(result);
    case 'html':
      return (await import('../report/html.ts')).renderHtml(result);
    case 'vdr':
      return (await import('../report/vdr.ts')).renderVdr(bom, result);
    default: {
      const { renderTable } = await import('../report/table.ts');
      const toTerminal = options.output === undefined && io.terminal !== undefined;
      return renderTable(result, toTerminal ? { colour: true, width: io.terminal!.columns } : {});
    }
  }
}
