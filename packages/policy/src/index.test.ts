import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as policy from './index.ts';

test('the package gives out what it means to give out, and nothing else', () => {
  expect(Object.keys(policy).sort()).toEqual([
    'EntityStore',
    'EntityText',
    'PolicyError',
    'blastRadius',
    'bundleKey',
    'compareWithReference',
    'createAuthZenHandler',
    'createEngine',
    'createSearch',
    'explain',
    'fileOf',
    'isFactType',
    'lasting',
    'loadPolicySet',
    'momentAt',
    'openBundle',
    'readBundleKeys',
    'readEntities',
    'readLinks',
    'redacted',
    'replay',
    'runPolicyTests',
    'signBundle',
    'withBareFacts',
    'withMoment',
  ]);
  const { exports } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8'));
  expect(exports).toEqual({ '.': './src/index.ts' });
});
