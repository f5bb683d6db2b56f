import { stepExtension, triggerExtension } from '../playbook/extension.ts';
import { loadPlaybooks, type Playbook } from '../playbook/load.ts';

const id = (type: string, number: number): string =>
  `${type}--00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
const identity = id('identity', 1);

/** A playbook with one containment, behind a condition or in a loop where a test wants it so. */
export function playbookOf(shape: {
  readonly containment?: Readonly<Record<string, unknown>>;
  readonly condition?: string;
  readonly loop?: string;
}): Playbook {
  const agent = id('security-category', 2);
  const first =
    shape.condition !== undefined
      ? id('if-condition', 9)
      : shape.loop !== undefined
        ? id('while-condition', 9)
        : undefined;
  const branch = { on_true: id('action', 4), on_completion: id('end', 5) };
  const text = JSON.stringify({
    type: 'playbook',
    spec_version: 'cacao-2.0',
    id: id('playbook', 3),
    name: 'Test',
    created_by: identity,
    created: '2026-01-01T00:00:00.000Z',
    modified: '2026-01-01T00:00:00.000Z',
    playbook_variables: { __severity__: { type: 'string', external: true } },
    workflow_start: id('start', 1),
    workflow: {
      [id('start', 1)]: { type: 'start', on_completion: first ?? id('action', 4) },
      [id('action', 4)]: {
        type: 'action',
        commands: [{ type: 'manual', command: 'quarantine __device__:value' }],
        agent,
        on_completion: first === undefined ? id('end', 5) : id('end', 6),
        step_extensions: {
          [stepExtension]: { containment: { action: 'quarantine-device', target: 'device' } },
        },
        ...shape.containment,
      },
      [id('end', 5)]: { type: 'end' },
      ...(first === undefined ? {} : { [id('end', 6)]: { type: 'end' } }),
      ...(shape.condition === undefined
        ? {}
        : { [first!]: { type: 'if-condition', condition: shape.condition, ...branch } }),
      ...(shape.loop === undefined
        ? {}
        : { [first!]: { type: 'while-condition', condition: shape.loop, ...branch } }),
    },
    agent_definitions: { [agent]: { type: 'security-category', name: 'Kỳ Đài', category: ['orchestrator'] } },
    extension_definitions: Object.fromEntries(
      [triggerExtension, stepExtension].map((it) => [
        it,
        { type: 'extension-definition', name: it, created_by: identity, schema: 'test', version: '1.0.0' },
      ]),
    ),
    playbook_extensions: {
      [triggerExtension]: {
        category: 'test',
        title_vi: 'Thử',
        description_vi: 'Thử',
        minimum_level: 'low',
        tags: ['kydai.stolen-certificate'],
        group_by: ['device'],
        known_gaps: [],
      },
    },
  });
  const { playbooks, problems } = loadPlaybooks([{ file: 'test.json', text }]);
  if (playbooks[0] === undefined) throw new Error(JSON.stringify(problems));
  return playbooks[0];
}
