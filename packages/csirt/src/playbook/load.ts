import type { KeyObject } from 'node:crypto';
import { CsirtError, type Place } from '../error.ts';
import { StepExtension, stepExtension, Trigger, triggerExtension } from './extension.ts';
import { reachable, readPlaybook } from './read.ts';
import type { CacaoPlaybook } from './schema.ts';
import { verifySignatures } from './signature.ts';

/** A playbook that this executor can run. */
export interface Playbook {
  /** The file's name without its ending, such as `stolen-certificate`: the policy engine's `Playbook` id. */
  readonly id: string;
  readonly name: string;
  /** When triage starts it; absent where it only starts by hand. */
  readonly trigger?: Trigger;
  readonly cacao: CacaoPlaybook;
}

/** Why a file was not taken. */
export interface PlaybookProblem {
  readonly file: string;
  readonly path: string;
  readonly message: string;
}

export interface LoadedPlaybooks {
  readonly playbooks: readonly Playbook[];
  readonly problems: readonly PlaybookProblem[];
}

/**
 * Reads the playbooks of a folder (`file` may carry folders; `*.test.json` case files are passed over). A file with a
 * problem is left out and named in `problems`; the others load. Two playbooks with one id or one category are a problem.
 * Where trusted keys are given, a playbook needs a signature by one of them that is valid now.
 */
export function loadPlaybooks(
  files: readonly { readonly file: string; readonly text: string }[],
  signatures?: { readonly trustedKeys: readonly KeyObject[]; readonly now: number },
): LoadedPlaybooks {
  const playbooks: Playbook[] = [];
  const problems: PlaybookProblem[] = [];
  for (const { file, text } of files) {
    if (file.endsWith('.test.json')) continue;
    const refuse = (place: Place): void => void problems.push({ file, ...place });
    try {
      const cacao = readPlaybook(text);
      const verdicts = signatures && verifySignatures(cacao, signatures.trustedKeys, signatures.now);
      if (verdicts !== undefined && !verdicts.some(({ trusted }) => trusted)) {
        const reasons = verdicts.map(({ reason }) => reason).join('; ');
        refuse({
          path: 'signatures',
          message: `has none that is trusted${reasons === '' ? '' : `: ${reasons}`}`,
        });
        continue;
      }
      const playbook = toPlaybook(file, cacao);
      const twin = playbooks.find(
        (other) =>
          other.id === playbook.id ||
          other.cacao.id === playbook.cacao.id ||
          (playbook.trigger !== undefined && other.trigger?.category === playbook.trigger.category),
      );
      if (twin === undefined) playbooks.push(playbook);
      else refuse({ path: 'id', message: `shares its id or category with \`${twin.id}\`` });
    } catch (error) {
      if (!(error instanceof CsirtError)) throw error;
      if (error.places.length === 0) refuse({ path: '', message: error.message });
      error.places.forEach(refuse);
    }
  }
  return { playbooks, problems };
}

/** Checks that the executor can run every step; throws `playbook-unsupported` with the places. */
export function toPlaybook(file: string, cacao: CacaoPlaybook): Playbook {
  const id = file.replace(/^.*[\\/]/, '').replace(/\.json$/, '');
  const places: Place[] = [];
  const refuse = (path: string, message: string): void => void places.push({ path, message });

  if (cacao.revoked === true) refuse('revoked', 'is true: a revoked playbook does not run');
  const reached = reachable(cacao);
  for (const [stepId, step] of Object.entries(cacao.workflow)) {
    const at = `workflow.${stepId}`;
    if (!reached.has(stepId)) refuse(at, 'is never reached');
    if (step.type === 'playbook-action') {
      refuse(
        `${at}.type`,
        'playbook-action does not run here; put the steps of the other playbook into this one',
      );
    }
    if (step.type === 'start' && step.on_completion === undefined)
      refuse(at, 'leads nowhere: name on_completion');
    const extended = step.step_extensions?.[stepExtension];
    const parsed = StepExtension.safeParse(extended ?? {});
    for (const issue of parsed.error?.issues ?? []) {
      refuse([`${at}.step_extensions`, stepExtension, ...issue.path].join('.'), issue.message);
    }
    if (step.type === 'action') {
      (step.targets ?? []).forEach((target, index) => {
        if (cacao.target_definitions?.[target] === undefined) {
          refuse(`${at}.targets.${index}`, 'is not among the target_definitions');
        }
      });
      const automatic = parsed.success && (parsed.data.containment ?? parsed.data.notice) !== undefined;
      step.commands.forEach((command, index) => {
        if (command.type !== 'manual') {
          const path = `${at}.commands.${index}.type`;
          refuse(
            path,
            `\`${command.type}\` does not run here; use \`manual\`, with our step extension where it can be automatic`,
          );
        }
      });
      if (automatic && parsed.data.containment !== undefined && parsed.data.notice !== undefined) {
        refuse(`${at}.step_extensions`, 'has both a containment and a notice; make two steps');
      }
    }
  }
  const declared = cacao.playbook_extensions?.[triggerExtension];
  const trigger = declared === undefined ? undefined : Trigger.safeParse(declared);
  for (const issue of trigger?.error?.issues ?? []) {
    refuse(['playbook_extensions', triggerExtension, ...issue.path].join('.'), issue.message);
  }
  if (trigger?.data !== undefined && trigger.data.category !== id) {
    refuse(`playbook_extensions.${triggerExtension}.category`, `must be the file's name \`${id}\``);
  }
  if (places.length > 0) {
    throw new CsirtError(
      'playbook-unsupported',
      `playbook \`${id}\` cannot run here: ${places[0]!.message}`,
      places,
    );
  }
  return { id, name: cacao.name, cacao, ...(trigger?.data === undefined ? {} : { trigger: trigger.data }) };
}
