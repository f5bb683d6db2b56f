import { CsirtError, type Place } from '../error.ts';
import { parseCondition } from './condition.ts';
import { CacaoPlaybook, type WorkflowStep } from './schema.ts';

const maximumCharacters = 1_000_000;
const maximumDepth = 40;
const maximumSteps = 500;
const maximumPlaces = 50;

/**
 * Reads one CACAO v2.0 playbook from JSON text and checks it against the specification: the object model, that every
 * identifier refers to something of the right kind, and that every condition parses. It does not say that this executor can run it: `loadPlaybooks` does. Targets without a definition
 * are let through, for one of the committee's own examples has one; `loadPlaybooks` refuses them.
 *
 * Throws `playbook-unreadable` (not JSON, over 1,000,000 characters, deeper than 40) or `playbook-invalid`, whose
 * `places` name each fault (50 at most).
 */
export function readPlaybook(text: string): CacaoPlaybook {
  if (text.length > maximumCharacters) {
    throw new CsirtError(
      'playbook-unreadable',
      `the playbook has over ${maximumCharacters} characters; split it`,
    );
  }
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw new CsirtError('playbook-unreadable', 'the playbook is not valid json; check its syntax', [], {
      cause,
    });
  }
  if (deeperThan(document, maximumDepth)) {
    throw new CsirtError('playbook-unreadable', `the playbook nests deeper than ${maximumDepth}; flatten it`);
  }
  const parsed = CacaoPlaybook.safeParse(document);
  const places = parsed.success
    ? [...references(parsed.data), ...metadata(parsed.data)]
    : parsed.error.issues.map((issue) => ({
        path: issue.path.map(String).join('.'),
        message: issue.message,
      }));
  if (!parsed.success || places.length > 0) {
    const first = places[0]!;
    throw new CsirtError(
      'playbook-invalid',
      `not a cacao v2.0 playbook: \`${first.path}\` ${first.message}`,
      places.slice(0, maximumPlaces),
    );
  }
  return parsed.data;
}

/** The playbook as JSON text; reading it again gives an equal playbook. */
export function writePlaybook(playbook: CacaoPlaybook): string {
  return `${JSON.stringify(playbook, null, 2)}\n`;
}

/** Each successor of a step with the property that names it. */
export function successors(step: WorkflowStep): readonly (readonly [property: string, id: string])[] {
  const found: (readonly [string, string])[] = [];
  const add = (property: string, id: string | undefined): void => {
    if (id !== undefined) found.push([property, id]);
  };
  add('on_completion', step.on_completion);
  add('on_success', step.on_success);
  add('on_failure', step.on_failure);
  if (step.type === 'parallel')
    for (const [index, id] of step.next_steps.entries()) add(`next_steps.${index}`, id);
  if (step.type === 'if-condition' || step.type === 'while-condition') add('on_true', step.on_true);
  if (step.type === 'if-condition') add('on_false', step.on_false);
  if (step.type === 'switch-condition') {
    for (const [value, id] of Object.entries(step.cases)) add(`cases.${value}`, id);
  }
  return found;
}

function references(playbook: CacaoPlaybook): Place[] {
  const places: Place[] = [];
  const steps = new Map(Object.entries(playbook.workflow));
  const agents = new Set(Object.keys(playbook.agent_definitions ?? {}));
  const extensions = new Set(Object.keys(playbook.extension_definitions ?? {}));
  const refuse = (path: string, message: string): void => void places.push({ path, message });
  const extended = (path: string, used: Readonly<Record<string, unknown>> | undefined): void => {
    for (const id of Object.keys(used ?? {})) {
      if (!extensions.has(id)) refuse(`${path}.${id}`, 'is not among the extension_definitions');
    }
  };

  if (steps.size > maximumSteps) refuse('workflow', `has over ${maximumSteps} steps`);
  if (!steps.has(playbook.workflow_start)) refuse('workflow_start', 'is not a step of the workflow');
  if (playbook.workflow_exception !== undefined && !steps.has(playbook.workflow_exception)) {
    refuse('workflow_exception', 'is not a step of the workflow');
  }
  const types = new Set([...steps.values()].map((step) => step.type));
  if (!types.has('end')) refuse('workflow', 'has no end step');
  if (!types.has('action') && !types.has('playbook-action')) refuse('workflow', 'has no action step');
  extended('playbook_extensions', playbook.playbook_extensions);
  for (const id of playbook.markings ?? []) {
    if (playbook.data_marking_definitions?.[id] === undefined) {
      refuse('markings', `\`${id}\` is not among the data_marking_definitions`);
    }
  }

  for (const [id, step] of steps) {
    const at = `workflow.${id}`;
    if (!id.startsWith(`${step.type}--`))
      refuse(at, `has the key of another type than its own \`${step.type}\``);
    for (const [property, next] of successors(step)) {
      if (!steps.has(next)) refuse(`${at}.${property}`, `\`${next}\` is not a step of the workflow`);
    }
    if (step.type === 'action') {
      if (!agents.has(step.agent)) refuse(`${at}.agent`, 'is not among the agent_definitions');
    }
    if (step.type === 'if-condition' || step.type === 'while-condition') {
      try {
        parseCondition(step.condition);
      } catch (error) {
        refuse(`${at}.condition`, (error as Error).message);
      }
    }
    extended(`${at}.step_extensions`, step.step_extensions);
  }
  return places;
}

function metadata(playbook: CacaoPlaybook): Place[] {
  const places: Place[] = [];
  if (playbook.modified < playbook.created) {
    places.push({ path: 'modified', message: 'must not be earlier than created' });
  }
  if (
    playbook.valid_from !== undefined &&
    playbook.valid_until !== undefined &&
    Date.parse(playbook.valid_until) <= Date.parse(playbook.valid_from)
  ) {
    places.push({ path: 'valid_until', message: 'must be later than valid_from' });
  }
  if (playbook.playbook_types !== undefined && playbook.playbook_activities === undefined) {
    places.push({ path: 'playbook_activities', message: 'must be given where playbook_types is' });
  }
  return places;
}

/** The steps that can be reached from these (by default from the start and the exception handler), themselves included. */
export function reachable(
  playbook: CacaoPlaybook,
  from: readonly string[] = [playbook.workflow_start, playbook.workflow_exception ?? playbook.workflow_start],
  follow: (property: string) => boolean = () => true,
): ReadonlySet<string> {
  const seen = new Set<string>();
  const open = [...from];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const step = playbook.workflow[id];
    if (step === undefined || seen.has(id)) continue;
    seen.add(id);
    for (const [property, next] of successors(step)) if (follow(property)) open.push(next);
  }
  return seen;
}

function deeperThan(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (depth === 0) return true;
  return Object.values(value).some((inner) => deeperThan(inner, depth - 1));
}
