import type { Clock } from '@kydai/contracts';
import type { NewFinding } from '@kydai/sbom';
import type { Intake } from '@kydai/siem';

/** What is told of the system that a finding is about. */
export interface FoundIn {
  readonly system: string;
  readonly name: string;
  readonly owner: string;
  readonly zone: string;
  /** A device of the register. */
  readonly device: boolean;
}

interface Found {
  readonly finding: NewFinding['finding'];
  readonly in: FoundIn;
}

const atOnce = 500;

/**
 * Puts an event of the dataset `sbom.finding` into the intake for each pair of system and finding, so that rules,
 * hunting and the history see advisories as they see everything else. Resolves to how many were kept.
 */
export async function tellFindings(intake: Intake, clock: Clock, found: readonly Found[]): Promise<number> {
  const account = intake.account('internal', 'sbom');
  let kept = 0;
  for (let at = 0; at < found.length; at += atOnce) {
    const frames = found.slice(at, at + atOnce).map((each) => {
      const document = documentOf(each, clock.now());
      const raw = JSON.stringify(document);
      return {
        raw,
        bytes: Buffer.byteLength(raw),
        normalised: intake.normaliser.document(document, clock.now()),
      };
    });
    let outcomes = await intake.submit(account, frames);
    while (outcomes === undefined && !intake.closing) {
      await new Promise<void>((resolve) => void intake.whenRoom(resolve));
      outcomes = await intake.submit(account, frames);
    }
    kept += (outcomes ?? []).filter((outcome) => outcome === 'kept').length;
  }
  return kept;
}

function documentOf({ finding, in: where }: Found, now: number): object {
  const { component, advisory, aliases, severity, score, knownExploited, malicious } = finding;
  return {
    '@timestamp': new Date(now).toISOString(),
    'event.dataset': 'sbom.finding',
    'event.kind': 'alert',
    'event.action': malicious ? 'malicious_component' : 'finding',
    'build.id': where.system,
    'service.name': where.name,
    'service.owner': where.owner,
    'network.zone': where.zone,
    ...(where.device ? { 'device.id': where.system } : {}),
    'package.name': component.name,
    'package.version': component.version,
    'package.purl': component.purl,
    'vulnerability.id': advisory,
    'vulnerability.aliases': [...aliases],
    'vulnerability.severity': severity,
    ...(score === null ? {} : { 'vulnerability.score.base': score }),
    'vulnerability.known_exploited': knownExploited,
    'vulnerability.fixed_version': finding.fixedVersions[0] ?? '',
    'vulnerability.database': finding.proof.database,
    message: `${advisory} in ${component.name} ${component.version} of ${where.name}`,
  };
}
