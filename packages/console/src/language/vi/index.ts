import { audit } from './audit.ts';
import { backups } from './backups.ts';
import { certificates } from './certificates.ts';
import { detection } from './detection.ts';
import { devices } from './devices.ts';
import { findings } from './findings.ts';
import { hunts } from './hunts.ts';
import { incidents } from './incidents.ts';
import { logs } from './logs.ts';
import { overview } from './overview.ts';
import { policies } from './policies.ts';
import { problems } from './problems.ts';
import { shell } from './shell.ts';
import { sources } from './sources.ts';
import { story } from './story.ts';

/**
 * Every string of the console in Vietnamese, the first language, in one file for each area, beside those of `../en`.
 * `{name}` is replaced; `{n:one|many}` chooses a word by the number `n`.
 */
export const vi = {
  ...shell,
  ...problems,
  ...overview,
  ...incidents,
  ...detection,
  ...hunts,
  ...devices,
  ...certificates,
  ...logs,
  ...findings,
  ...sources,
  ...policies,
  ...audit,
  ...backups,
  ...story,
} as const;
