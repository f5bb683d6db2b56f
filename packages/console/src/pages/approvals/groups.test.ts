import type { WaitingApproval } from '@kydai/contracts';
import { expect, it } from 'vitest';
import { groupsOf, targetsOf } from './groups.ts';

const step = (runId: string, group?: string, ...devices: string[]) =>
  ({
    runId,
    stepId: 's',
    ...(group && { group }),
    targets: devices.map((id) => ({ type: 'device', id })),
  }) as unknown as WaitingApproval;

it('puts together what asks the same, in the order of the oldest, and names each target once', () => {
  const groups = groupsOf([
    step('a', 'x', 'cam-1'),
    step('b', 'y'),
    step('c', 'x', 'cam-2', 'cam-1'),
    step('d'),
  ]);
  expect(groups.map(({ members }) => members.map(({ runId }) => runId))).toEqual([['a', 'c'], ['b'], ['d']]);
  expect(targetsOf(groups[0]!.members)).toEqual(['cam-1', 'cam-2']);
});
