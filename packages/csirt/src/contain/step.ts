import {
  type AccessRequest,
  type Containment,
  type ContainmentAction,
  type Decide,
  type EntityRef,
  formatEntityRef,
  type Level,
  levels,
} from '@kydai/contracts';
import { type ContainableType, StepExtension, stepExtension } from '../playbook/extension.ts';
import type { Playbook } from '../playbook/load.ts';
import type { CacaoPlaybook, StepOf, WorkflowStep } from '../playbook/schema.ts';
import { blockable, isOutside } from './address.ts';
import { distinct, type Outcome, phrase } from './outcome.ts';

/** What an action step is, for this executor. */
export type Act =
  | {
      readonly kind: 'contain';
      readonly action: ContainmentAction;
      readonly target: ContainableType;
      readonly whenMissing: 'fail' | 'skip';
      readonly outsideOnly: boolean;
      readonly operationalTechnology: boolean;
    }
  | { readonly kind: 'notice'; readonly audience: string; readonly vi: string; readonly en: string }
  /** A person carries it out and says so. */
  | { readonly kind: 'task'; readonly partOfContainment: boolean };

/** Reads an action step's meaning from its extension and commands; `loadPlaybooks` has checked both. */
export function actOf(step: StepOf<'action'>): Act {
  let act = acts.get(step);
  if (act === undefined) {
    act = readAct(step);
    acts.set(step, act);
  }
  return act;
}
const acts = new WeakMap<StepOf<'action'>, Act>();

function readAct(step: StepOf<'action'>): Act {
  const {
    containment,
    notice,
    part_of_containment: part,
  } = StepExtension.parse(step.step_extensions?.[stepExtension] ?? {});
  if (containment !== undefined) {
    return {
      kind: 'contain',
      action: containment.action,
      target: containment.target,
      whenMissing: containment.when_missing,
      outsideOnly: containment.outside_only,
      operationalTechnology: containment.operational_technology,
    };
  }
  if (notice !== undefined)
    return { kind: 'notice', audience: notice.audience, vi: notice.text_vi, en: notice.text_en };
  return { kind: 'task', partOfContainment: part ?? false };
}

/** The entities of a detection that a step acts on. */
export function targetsOf(
  act: Act & { readonly kind: 'contain' },
  entities: readonly EntityRef[],
): EntityRef[] {
  const permitted = act.outsideOnly ? isOutside : blockable;
  return entities.filter(({ type, id }) => type === act.target && (type !== 'address' || permitted(id)));
}

/** What a person does in a step, or would do in Kỳ Đài's place: the manual command, in English and Vietnamese. */
export function commandOf(step: StepOf<'action'>): { readonly en: string; readonly vi?: string } {
  const { command_vi: vi } = StepExtension.parse(step.step_extensions?.[stepExtension] ?? {});
  const en = step.commands.map(commandText).join('\n');
  return vi === undefined ? { en } : { en, vi };
}

function commandText(command: StepOf<'action'>['commands'][number]): string {
  const { command: plain, command_b64: encoded } = command as { command?: string; command_b64?: string };
  return plain ?? Buffer.from(encoded ?? '', 'base64').toString('utf8');
}

/** Whether the incident is not contained before this step is done. */
export function contains(step: WorkflowStep): boolean {
  if (step.type !== 'action') return false;
  const act = actOf(step);
  if (act.kind === 'task') return act.partOfContainment;
  return act.kind === 'contain' && act.action !== 'release-device';
}

/** The entity types that a playbook's steps act on. */
export function containmentTypes(playbook: Playbook): ReadonlySet<EntityRef['type']> {
  let types = known.get(playbook);
  if (types === undefined) {
    types = typesOf(playbook.cacao);
    known.set(playbook, types);
  }
  return types;
}
const known = new WeakMap<Playbook, ReadonlySet<EntityRef['type']>>();

/** The same of a playbook as it is written. */
export function typesOf(cacao: CacaoPlaybook): ReadonlySet<EntityRef['type']> {
  const types = new Set<EntityRef['type']>();
  for (const step of Object.values(cacao.workflow)) {
    if (step.type !== 'action') continue;
    const act = actOf(step);
    if (act.kind === 'contain') types.add(act.target);
  }
  return types;
}

const cedarTypes: Readonly<Record<ContainableType, string>> = {
  device: 'Device',
  host: 'Host',
  user: 'User',
  build: 'Build',
  address: 'Address',
  service: 'Service',
};

/** The question of `policies/schema.cedarschema`: may this containment run without a person? */
export function unattendedRequest(
  playbookId: string,
  action: ContainmentAction,
  target: EntityRef,
  facts: { readonly severity: Level; readonly operationalTechnology: boolean; readonly drill: boolean },
): AccessRequest {
  return {
    principal: { type: 'Playbook', id: playbookId },
    action: 'contain-unattended',
    resource: { type: cedarTypes[target.type as ContainableType], id: target.id },
    context: {
      containment: action,
      severity: levels.indexOf(facts.severity),
      operationalTechnology: facts.operationalTechnology,
      drill: facts.drill,
    },
  };
}

/** Why a person has to decide: `line` in the words of the deciding policy, `lineEn` in English. */
export interface Reason extends Outcome {
  readonly lineEn: string;
}

/** One reason of several, each said once. */
export function joinReasons(reasons: readonly Reason[]): Reason {
  const joined = (lines: readonly string[]): string => [...new Set(lines)].join('; ').slice(0, 1000);
  return {
    line: joined(reasons.map(({ line }) => line)),
    lineEn: joined(reasons.map(({ lineEn }) => lineEn)),
    phrases: distinct(reasons.flatMap(({ phrases }) => phrases)).slice(0, 20),
  };
}

/** A reason that is not a policy's. */
export function ownReason(line: string, code: string): Reason {
  return { line, lineEn: line, phrases: [phrase(code)] };
}

/**
 * Why a containment needs a person, or undefined where it does not.
 *
 * INVARIANT: a decision that fails is a refusal: nothing runs unattended because the policies could not be asked.
 */
export function needsPerson(decide: Decide, request: AccessRequest): Reason | undefined {
  let decision: ReturnType<Decide>;
  try {
    decision = decide(request);
  } catch {
    return ownReason('the response policies could not be evaluated', 'reason.policies-failed');
  }
  if (decision.allowed) return undefined;
  if (decision.determining.length === 0) {
    return ownReason('no policy permits this containment without a person', 'reason.not-permitted');
  }
  return joinReasons(
    decision.determining.map(({ id, reason, reasonEn }) => {
      const line = reason ?? reasonEn ?? `policy \`${id}\``;
      const vi = reason === undefined ? {} : { vi: reason };
      const en = reasonEn === undefined ? {} : { en: reasonEn };
      return {
        line,
        lineEn: reasonEn ?? line,
        phrases: [phrase('reason.policy', { policy: id, ...vi, ...en })],
      };
    }),
  );
}

/**
 * The containment of one target of a step. Its id, the idempotency key, is `<run>/<invocation>`; a step with several
 * targets adds the target's place in the list, which is fixed when the step begins.
 */
export function containmentOf(
  run: {
    readonly id: string;
    readonly playbookName: string;
    readonly incidentId: string;
    readonly drill: boolean;
  },
  invocation: string,
  action: ContainmentAction,
  target: EntityRef,
  index: number,
): Containment {
  return {
    id: `${run.id}/${invocation}${index === 0 ? '' : `/${index}`}`,
    action,
    target,
    reason: `playbook: ${run.playbookName}`,
    requester: `playbook:${run.id}/${invocation}`,
    incidentId: run.incidentId,
    drill: run.drill,
  };
}

/** `revoke-certificate device:cam-001`, for outcomes and audit entries. */
export function describe(action: ContainmentAction, targets: readonly EntityRef[]): Outcome {
  const shown = targets.slice(0, 5);
  const left = targets.length - shown.length;
  const line = `${action} ${shown.map(formatEntityRef).join(', ')}${left > 0 ? ` and ${left} more` : ''}`;
  const target = shown.map(({ id }) => id).join(', ') + (left > 0 ? ` (+${left})` : '');
  return { line, phrases: [phrase(`contain.${action}`, { target })] };
}
