import { existsSync } from 'node:fs';
import type { Clock } from '@kydai/contracts';
import type { Document, YAMLMap, YAMLSeq } from 'yaml';
import { openAdvisories } from '../database/open.ts';
import { SbomError } from '../error.ts';
import { readBounded } from '../extract/walk.ts';
import { readWaivers, type WaiverEntry, waiverEnd } from '../gate/waiver.ts';
import { signWaiver } from '../gate/waiver-signature.ts';
import { assess } from '../match/assess.ts';
import { clean } from '../report/text.ts';
import { readSubject } from './gate.ts';
import { type CommandIo, type ExitCode, guarded } from './io.ts';
import { writeWhole } from './output.ts';

export interface WaiveCommand {
  /** Id or alias of the advisory. */
  readonly advisory: string;
  /** An SBOM, a lockfile or a folder; the current folder unless told. */
  readonly path?: string;
  readonly database: string;
  /** Package URL; needed where the advisory is about several components. */
  readonly component?: string;
  readonly owner: string;
  readonly reason: string;
  /** A day or an RFC 3339 time. */
  readonly expires: string;
  /** File of waivers; made where there is none. */
  readonly waivers: string;
  readonly clock: Clock;
}

/**
 * `kydai sbom waive`: writes down that a finding is to be accepted, with the version, EPSS and KEV listing of now. It
 * holds once two people have signed it. Exit code 0, or 2 where there is no such finding.
 */
export function runWaive(options: WaiveCommand, io: CommandIo): Promise<ExitCode> {
  return guarded(io, async () => {
    const finding = await findingOf(options);
    const { file, document } = await openWaivers(options.waivers);
    const entry = {
      advisory: finding.advisory,
      component: finding.component.purl,
      owner: options.owner,
      reason: options.reason,
      expires: options.expires,
      ...(finding.knownExploited ? { knownExploited: 'true' } : {}),
      ...(finding.epss === undefined ? {} : { epss: String(finding.epss) }),
    };
    const list = document.get('waivers') as YAMLSeq;
    list.add(document.createNode({ ...entry, signatures: [] }));
    const [added] = (await readWaivers(String(document), file)).slice(-1);
    if (added === undefined || waiverEnd(added) <= options.clock.now())
      throw new SbomError('usage', `\`${options.expires}\` is over; name a later day`);
    writeWhole(file, String(document));
    io.out(
      `${clean(entry.advisory)} in ${clean(entry.component)}, until ${entry.expires}: written to ${file}\n` +
        `  it holds once two people have signed it: kydai sbom sign ${entry.advisory} --waivers ${file} --name NAME --key KEY\n`,
    );
    return 0;
  });
}

async function findingOf(options: WaiveCommand) {
  const database = openAdvisories(options.database);
  try {
    const { bom } = await readSubject(options.path ?? '.', options.clock);
    const { findings } = assess(bom, database, { system: '' });
    const about = findings.filter(
      ({ advisory, aliases, component }) =>
        [advisory, ...aliases].includes(options.advisory) &&
        (options.component === undefined || options.component === component.purl),
    );
    const [finding, second] = about;
    if (finding === undefined) {
      const where = options.component === undefined ? 'here' : `in \`${options.component}\``;
      throw new SbomError(
        'usage',
        `\`${options.advisory}\` is no finding ${where}; there is nothing to accept`,
      );
    }
    if (second !== undefined) {
      const purls = about.map(({ component }) => `\`${component.purl}\``).join(', ');
      throw new SbomError('usage', `\`${options.advisory}\` is in ${purls}; name one with \`--component\``);
    }
    if (finding.malicious)
      throw new SbomError('usage', `\`${finding.component.purl}\` is malicious; no waiver holds for that`);
    return finding;
  } finally {
    database.close();
  }
}

export interface SignCommand {
  /** Id of the advisory, as the waiver names it. */
  readonly advisory: string;
  readonly component?: string;
  readonly waivers: string;
  readonly name: string;
  readonly keyPem: string;
  readonly chainPem?: string;
}

/** `kydai sbom sign`: puts one person's signature under a waiver. Exit code 0, or 2 where it cannot be. */
export function runSign(options: SignCommand, io: CommandIo): Promise<ExitCode> {
  return guarded(io, async () => {
    const { file, document } = await openWaivers(options.waivers);
    const entries = await readWaivers(String(document), file);
    const indexes = [...entries.keys()].filter(
      (index) =>
        entries[index]!.advisory === options.advisory &&
        (options.component === undefined || entries[index]!.component === options.component),
    );
    if (indexes.length !== 1) {
      const how = indexes.length === 0 ? 'no waiver' : `${indexes.length} waivers`;
      throw new SbomError(
        'usage',
        `\`${file}\` has ${how} of \`${options.advisory}\`; name one that is there, with \`--component\``,
      );
    }
    const [index] = indexes as [number];
    const entry: WaiverEntry = entries[index]!;
    const { name, keyPem, chainPem } = options;
    const signature = signWaiver(entry, { name, keyPem, ...(chainPem === undefined ? {} : { chainPem }) });
    const map = (document.get('waivers') as YAMLSeq).get(index) as YAMLMap;
    const others = entry.signatures.filter((each) => each.signer !== name);
    map.set('signatures', document.createNode([...others, signature]));
    writeWhole(file, String(document));
    io.out(
      `${clean(name)} accepts ${clean(entry.advisory)} in ${clean(entry.component)} until ${entry.expires}: ${clean(entry.reason)}\n` +
        (others.length === 0 ? '  one more person has to sign\n' : ''),
    );
    return 0;
  });
}

/** The file as a document, so that comments and order stay as people wrote them. */
async function openWaivers(file: string): Promise<{ readonly file: string; readonly document: Document }> {
  const { parseDocument } = await import('yaml');
  const text = existsSync(file) ? readBounded(file, 16 * 1024 * 1024).toString('utf8') : 'waivers: []\n';
  // Says what is wrong with it before anything is changed.
  await readWaivers(text, file);
  const document = parseDocument(text, { schema: 'failsafe', maxAliasCount: 0, logLevel: 'error' } as never);
  const list = document.get('waivers') as YAMLSeq;
  list.flow = false;
  return { file, document };
}
