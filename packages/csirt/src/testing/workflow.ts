import fc from 'fast-check';
import { stepExtension, triggerExtension } from '../playbook/extension.ts';
import { loadPlaybooks, type Playbook } from '../playbook/load.ts';

/** The shape of a random workflow. */
export type Tree =
  | { readonly kind: 'contain'; readonly rescue: boolean; readonly next: Tree }
  | { readonly kind: 'task'; readonly rescue: boolean; readonly next: Tree }
  | { readonly kind: 'notice'; readonly next: Tree }
  | {
      readonly kind: 'parallel';
      readonly branches: readonly Tree[];
      readonly rescue: boolean;
      readonly next: Tree;
    }
  | { readonly kind: 'if'; readonly holds: boolean; readonly branch: Tree; readonly next: Tree }
  | { readonly kind: 'switch'; readonly branch: Tree; readonly next: Tree }
  | { readonly kind: 'end' };

export const workflow: fc.Arbitrary<Tree> = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, depthSize: 'medium' },
    fc.constant<Tree>({ kind: 'end' }),
    fc.record({ kind: fc.constant('contain' as const), rescue: fc.boolean(), next: tie('tree') }),
    fc.record({ kind: fc.constant('task' as const), rescue: fc.boolean(), next: tie('tree') }),
    fc.record({ kind: fc.constant('notice' as const), next: tie('tree') }),
    fc.record({
      kind: fc.constant('parallel' as const),
      branches: fc.array(tie('tree'), { minLength: 2, maxLength: 3 }),
      rescue: fc.boolean(),
      next: tie('tree'),
    }),
    fc.record({
      kind: fc.constant('if' as const),
      holds: fc.boolean(),
      branch: tie('tree'),
      next: tie('tree'),
    }),
    fc.record({ kind: fc.constant('switch' as const), branch: tie('tree'), next: tie('tree') }),
  ),
})).tree;

/** The playbook of a shape; with an exception handler where asked for. */
export function playbookOfTree(tree: Tree, handler: boolean): Playbook {
  let count = 100;
  const id = (type: string): string =>
    `${type}--00000000-0000-4000-8000-${String(count++).padStart(12, '0')}`;
  const identity = id('identity');
  const agent = id('security-category');
  const steps: Record<string, unknown> = {};
  const put = (type: string, step: Record<string, unknown>): string => {
    const key = id(type);
    steps[key] = { type, ...step };
    return key;
  };
  const action = (extension: object, way: object): string =>
    put('action', {
      commands: [{ type: 'manual', command: 'do it' }],
      agent,
      step_extensions: { [stepExtension]: extension },
      ...way,
    });
  const notice = { notice: { audience: 'soc', text_vi: 'x', text_en: 'x' } };
  const way = (next: string, rescue: boolean): object =>
    rescue
      ? { on_success: next, on_failure: action(notice, { on_completion: put('end', {}) }) }
      : { on_completion: next };
  const build = (node: Tree): string => {
    switch (node.kind) {
      case 'end':
        return put('end', {});
      case 'contain':
        return action(
          { containment: { action: 'quarantine-device', target: 'device' } },
          way(build(node.next), node.rescue),
        );
      case 'task':
        return action({ name_vi: 'việc' }, way(build(node.next), node.rescue));
      case 'notice':
        return action(notice, { on_completion: build(node.next) });
      case 'parallel':
        return put('parallel', {
          next_steps: node.branches.map(build),
          ...way(build(node.next), node.rescue),
        });
      case 'if': {
        const condition = `__severity__:value = '${node.holds ? 'high' : 'low'}'`;
        return put('if-condition', {
          condition,
          on_true: build(node.branch),
          on_completion: build(node.next),
        });
      }
      case 'switch': {
        const cases = { high: build(node.branch), default: put('end', {}) };
        return put('switch-condition', {
          switch: '__severity__:value',
          cases,
          on_completion: build(node.next),
        });
      }
    }
  };
  const first = action(notice, { on_completion: build(tree) });
  const start = put('start', { on_completion: first });
  const exception = handler ? action(notice, { on_completion: put('end', {}) }) : undefined;
  const at = '2026-01-01T00:00:00.000Z';
  const definition = (name: string) => ({
    type: 'extension-definition',
    name,
    created_by: identity,
    schema: 'test',
    version: '1.0.0',
  });
  const text = JSON.stringify({
    type: 'playbook',
    spec_version: 'cacao-2.0',
    id: id('playbook'),
    name: 'Random',
    created_by: identity,
    created: at,
    modified: at,
    playbook_variables: { __severity__: { type: 'string', external: true } },
    workflow_start: start,
    ...(exception === undefined ? {} : { workflow_exception: exception }),
    workflow: steps,
    agent_definitions: { [agent]: { type: 'security-category', name: 'Kỳ Đài', category: ['orchestrator'] } },
    extension_definitions: { [stepExtension]: definition('step'), [triggerExtension]: definition('trigger') },
    playbook_extensions: {
      [triggerExtension]: {
        category: 'random',
        title_vi: 'Thử',
        description_vi: 'Thử',
        minimum_level: 'low',
        tags: ['kydai.stolen-certificate'],
        group_by: ['device'],
        known_gaps: [],
      },
    },
  });
  const { playbooks, problems } = loadPlaybooks([{ file: 'random.json', text }]);
  if (playbooks[0] === undefined) throw new Error(JSON.stringify(problems));
  return playbooks[0];
}
