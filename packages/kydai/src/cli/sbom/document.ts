import { type GenerateFormat, generateFormats, runGenerate, runWhy } from '@kydai/sbom';
import { type Command, Option } from 'commander';
import type { SbomContext } from '../sbom.ts';

/** Making a document, and asking what the advisories say of one component. */
export function addDocumentCommands(sbom: Command, context: SbomContext): void {
  const { io } = context;
  const clock = { now: Date.now };

  sbom
    .command('generate')
    .description('write an SBOM of a folder or lockfile')
    .argument('[path]', 'folder or lockfile', '.')
    .option('-o, --output <file>', 'file to write; standard output without it')
    .option('--name <name>', 'name of the subject')
    .option('--author <name>', 'who answers for the document')
    .option('--subject-version <version>', 'version of the subject')
    .option(
      '--platform <platform>',
      'one of an image for several, such as linux/arm64; all of them without it',
    )
    .addOption(
      new Option('--format <format>', 'CycloneDX 1.6 or 1.7, or SPDX 2.3')
        .choices([...generateFormats])
        .default('cyclonedx'),
    )
    .action(
      async (
        path: string,
        options: {
          output?: string;
          name?: string;
          author?: string;
          subjectVersion?: string;
          platform?: string;
          format: GenerateFormat;
        },
      ) => {
        const { subjectVersion: version, ...rest } = options;
        context.exit(
          await runGenerate({ path, clock, ...rest, ...(version === undefined ? {} : { version }) }, io),
        );
      },
    );

  const question = (name: string, description: string) =>
    sbom
      .command(name)
      .description(description)
      .argument('<question...>', 'id of an advisory, a component (name or package URL), or both')
      .option('--in <path>', 'SBOM, lockfile or folder', '.')
      .option('--db <file>', 'advisory database; the data folder’s without it')
      .action(async (words: string[], options: { in: string; db?: string }) => {
        const advisory = words.find(isAdvisory);
        const component = words.find((word) => !isAdvisory(word));
        const asked = {
          ...(advisory === undefined ? {} : { advisory }),
          ...(component === undefined ? {} : { component }),
        };
        const database = context.advisories(options.db);
        context.exit(await runWhy({ path: options.in, database, clock, ...asked }, io));
      });
  question('why', 'say why a component is a finding: the record, the range, the way it came in');
  question('why-not', 'say why a component is no finding: every record on it and the ranges that were tried');
}

/** `CVE-2021-44228`, `GHSA-jfh8-c2jp-5v3q`, `rubysec/rack/CVE-2022-30122`. A package URL is none. */
function isAdvisory(word: string): boolean {
  return (
    /^(rubysec|friendsofphp)\//.test(word) ||
    (!word.startsWith('pkg:') && /^[A-Z][A-Z0-9]*(-[A-Za-z0-9:_.]+)+$/.test(word))
  );
}
