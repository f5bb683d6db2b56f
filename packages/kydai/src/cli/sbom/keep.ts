import { readFileSync } from 'node:fs';
import { SystemView } from '@kydai/contracts';
import { parseAnyBom, writeBom } from '@kydai/sbom';
import type { Command } from 'commander';
import { ShellError } from '../../error.ts';
import type { SbomContext } from '../sbom.ts';

/** Keeping SBOMs with the running program. */
export function addKeepCommands(sbom: Command, context: SbomContext): void {
  sbom
    .command('push')
    .description('keep the SBOM of a deployed system with the running program')
    .argument('<system>', 'id of the system')
    .argument('<file>', 'CycloneDX JSON or XML, or SPDX')
    .option('--owner <owner>', 'who runs the system', '')
    .option('--zone <zone>', 'part of the city’s network where it runs; a device’s own without it', '')
    .option('--site <site>', 'where it stands: a building, a junction, a station', '')
    .action(async (system: string, file: string, place: { owner: string; zone: string; site: string }) => {
      let bytes: Buffer;
      try {
        bytes = readFileSync(file);
      } catch {
        throw new ShellError('usage', `cannot read \`${file}\``);
      }
      const text = writeBom(await parseAnyBom(bytes, file));
      const query = new URLSearchParams(place);
      const path = `/api/v1/sboms/${encodeURIComponent(system)}?${query}`;
      const view = await context.operator().call('PUT', path, SystemView, text);
      context.output.write(`${view.name} ${view.version}: ${view.components} components, ${view.verdict}\n`);
    });
}
