import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PolicyError } from '../error.ts';
import { evaluate, policySet, uid } from '../testing/worlds.ts';
import { loadPolicySet } from './policy-set.ts';

function refusalOf(run: () => unknown): Partial<PolicyError> {
  try {
    run();
  } catch (error) {
    const { code, file, line, column, message } = error as PolicyError;
    return {
      code,
      message,
      ...(file !== undefined && { file }),
      ...(line && { line }),
      ...(column && { column }),
    };
  }
  return { message: 'not refused' };
}

describe('a policy set', () => {
  test('names policies by annotation or by file and place, in the order of the text', () => {
    const text = Array.from({ length: 12 }, () => 'permit (principal, action, resource);').join('\n');
    const ids = policySet(`@id("first") ${text}`).policies.map(({ id }) => id);
    expect(ids.slice(0, 3)).toEqual(['first', 'city.cedar#2', 'city.cedar#3']);
    expect(ids[11]).toBe('city.cedar#12');
  });

  test('changes its digest with any text', () => {
    const digest = (text: string) => policySet(text).digest;
    expect(digest('permit (principal, action, resource);')).toMatch(/^[0-9a-f]{12}$/);
    expect(digest('permit (principal, action, resource);')).not.toBe(
      digest('forbid (principal, action, resource);'),
    );
  });

  test('links templates, and refuses links that name nothing or leave a slot open', () => {
    const text =
      '@id("see") permit (principal == ?principal, action == Action::"view", resource in ?resource);';
    const link = (id: string, values: object, template = 'see') => ({ template, id, values });
    const values = { principal: uid('User', 'an'), resource: uid('Zone', 'north') };
    const set = policySet(text, { links: [link('an-north', values)] });
    expect(set.templates).toEqual(['see']);
    expect(set.policies).toMatchObject([{ id: 'an-north', template: 'see', principal: { op: 'eq' } }]);
    expect(refusalOf(() => policySet(text, { links: [link('x', values, 'no')] })).code).toBe('link');
    expect(
      refusalOf(() => policySet(text, { links: [link('x', { principal: values.principal })] })).code,
    ).toBe('link');
    expect(refusalOf(() => policySet(text, { links: [link('see', values)] })).code).toBe('duplicate');
  });
});

describe('a bad set is refused', () => {
  test('with the place of a syntax error, counted in characters', () => {
    const text =
      '// Cách ly thiết bị 😀\npermit (principal, action, resource)\nwhen { principal.kind === 1 };';
    expect(refusalOf(() => policySet(text))).toMatchObject({
      code: 'parse',
      file: 'city.cedar',
      line: 3,
      column: 25,
    });
  });

  test('with the place of a type error', () => {
    const text =
      '@id("é") permit (principal, action, resource);\n\n@id("bad")\nforbid (principal is Device, action, resource)\nwhen { principal.riskk > 1 };';
    expect(refusalOf(() => policySet(text))).toMatchObject({ code: 'validate', line: 5, column: 8 });
    expect(refusalOf(() => policySet(text)).message).toContain('`bad`');
  });

  test('with the place of a schema error', () => {
    const bad = { file: 's.cedarschema', text: 'entity A;\nentity B { a: Nope };' };
    expect(refusalOf(() => loadPolicySet({ schema: bad, policies: [] }))).toMatchObject({
      code: 'schema',
      file: 's.cedarschema',
    });
    const json = { file: 's.json', text: '{"' };
    expect(refusalOf(() => loadPolicySet({ schema: json, policies: [] })).code).toBe('schema');
  });

  test('for an id used twice, a policy that can never apply, and a string without end', () => {
    const one = '@id("a") permit (principal, action, resource);';
    expect(refusalOf(() => policySet(`${one}\n${one}`))).toMatchObject({
      code: 'duplicate',
      line: 2,
      column: 1,
    });
    const never = 'permit (principal is User, action == Action::"publish", resource);';
    expect(refusalOf(() => policySet(never)).code).toBe('validate');
    expect(refusalOf(() => policySet('permit (principal, action, resource) when { "x }; ')).code).toBe(
      'parse',
    );
  });

  test('for nesting that would kill the reference parser, which goes on working', () => {
    const nested = (open: string, close: string, n: number) =>
      `permit (principal, action, resource) when { ${open.repeat(n)}true${close.repeat(n)} };`;
    for (const text of [
      nested('(', ')', 5_000),
      nested('[', ']', 200),
      nested('{a: ', '}', 200),
      nested('if true then ', ' else true', 5_000),
      nested('!', '', 50_000),
      nested('-', '', 50_000),
      nested('true || ', '', 10_000),
      nested('true && ', '', 10_000),
      nested('', ` == principal${'.a'.repeat(10_000)}`, 1),
    ]) {
      expect(refusalOf(() => policySet(text))).toMatchObject({ code: 'limit', line: 1 });
    }
    expect(policySet('permit (principal, action, resource);').policies).toHaveLength(1);
  });

  test('for what passes the limits and still kills the reference engine, which is replaced', () => {
    const long = `permit (principal, action, resource) when { ${Array(1_990).fill('1').join('*')} == 1 };`;
    for (let round = 0; round < 2; round++) {
      expect(refusalOf(() => policySet(long))).toMatchObject({ code: 'limit', file: 'city.cedar' });
      expect(policySet('permit (principal, action, resource);').policies).toHaveLength(1);
    }
  });

  test('but a condition of 500 branches works', () => {
    const branches = Array.from({ length: 500 }, (_, n) => `context == {n: ${n}}`).join(' || ');
    expect(evaluate(`${branches} || true`)).toBe(true);
    expect(evaluate(Array(400).fill('1').join(' + ').concat(' == 400'))).toBe(true);
  });
});

test('any string comes back from a policy as it was written', () => {
  const cedarText = (text: string) =>
    `"${[...text].map((point) => `\\u{${point.codePointAt(0)!.toString(16)}}`).join('')}"`;
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (text) => {
      const policy = `@id("a") @note(${cedarText(text)}) permit (principal, action, resource);`;
      const set = loadPolicySet({ policies: [{ file: 'x', text: policy }] });
      expect(set.policies[0]!.annotations.get('note')).toBe(text);
    }),
    { numRuns: 60 },
  );
});

test('garbage is refused with a code and never anything else', () => {
  const piece = fc.constantFrom(
    'permit',
    'forbid',
    '(',
    ')',
    'principal',
    ',',
    'when',
    '{',
    '}',
    ';',
    '"',
    '\\',
    '@id',
    '?principal',
    '==',
    '😀',
    '1',
    '::',
    '\u0000',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const { code, message } = refusalOf(() =>
        loadPolicySet({ policies: [{ file: 'x', text: pieces.join(' ') }] }),
      );
      expect(code ?? message).toMatch(/^(parse|limit|not refused)$/);
    }),
    { numRuns: 200 },
  );
});
