import type { Command } from 'commander';
import type { CommandContext } from './program.ts';

type Add = (program: Command, context: CommandContext) => void;

/** Commands that are one module: what they are called, so that a call loads no more than it needs. */
export interface Shelf {
  readonly names: readonly string[];
  readonly load: () => Promise<Add>;
}

/** Every command, under the headings of the help and in its order. */
export const shelves: ReadonlyMap<string, readonly Shelf[]> = new Map([
  [
    'Run:',
    [
      shelf(['start'], async () => (await import('./start.ts')).addStartCommand),
      shelf(['sign-in'], async () => (await import('./sign-in.ts')).addSignInCommand),
      shelf(['config'], async () => (await import('./config.ts')).addConfigCommand),
    ],
  ],
  [
    'Work (with the program running):',
    [
      shelf(
        ['incidents', 'approve', 'incident'],
        async () => (await import('./incidents.ts')).addIncidentCommands,
      ),
      shelf(['search'], async () => (await import('./search.ts')).addSearchCommand),
      shelf(['hunt'], async () => (await import('./hunt.ts')).addHuntCommand),
      shelf(['pki'], async () => (await import('./pki.ts')).addPkiCommands),
      shelf(['token'], async () => (await import('./tokens.ts')).addTokenCommands),
      shelf(['blocked'], async () => (await import('./blocked.ts')).addBlockedCommand),
      shelf(['audit'], async () => (await import('./audit.ts')).addAuditCommands),
      shelf(['store'], async () => (await import('./store.ts')).addStoreCommands),
      shelf(['backup'], async () => (await import('./backup.ts')).addBackupCommands),
      shelf(['drill'], async () => (await import('./drill.ts')).addDrillCommand),
    ],
  ],
  ['In a pipeline:', [shelf(['sbom'], async () => (await import('./sbom.ts')).addSbomCommands)]],
  [
    'Content:',
    [
      shelf(['check', 'rules'], async () => (await import('./rules.ts')).addRulesCommands),
      shelf(['policy'], async () => (await import('./policy.ts')).addPolicyCommands),
    ],
  ],
  [
    'On a device:',
    [
      shelf(['device'], async () => (await import('./device.ts')).addDeviceCommands),
      shelf(['ship'], async () => (await import('./ship.ts')).addShipCommand),
    ],
  ],
]);

function shelf(names: readonly string[], load: Shelf['load']): Shelf {
  return { names, load };
}

/** The command that a line names: its first word that is no option nor the value of one; undefined without any. */
export function commandOf(args: readonly string[]): string | undefined {
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at]!;
    if (word === '-c' || word === '--config') at += 1;
    else if (!word.startsWith('-')) return word;
  }
  return undefined;
}
