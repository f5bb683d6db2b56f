import { expect, it } from 'vitest';
import { groupGrants } from './grants.tsx';

const grant = (id: string, action: string, resource: string, by: string[] = []) => ({
  principal: { type: 'User', id },
  action,
  resource: { type: 'Area', id: resource },
  by,
});

it('grants of one person for one action by the same policies are one line', () => {
  const groups = groupGrants([
    grant('lan', 'view', 'audit'),
    grant('lan', 'view', 'rules'),
    grant('lan', 'view', 'logs', ['night']),
    grant('minh', 'view', 'audit'),
    grant('lan', 'search-logs', 'logs'),
  ]);
  expect(groups.map(({ principal, action, resources }) => [principal.id, action, resources.length])).toEqual([
    ['lan', 'view', 2],
    ['lan', 'view', 1],
    ['minh', 'view', 1],
    ['lan', 'search-logs', 1],
  ]);
});
