import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CsirtError } from '../error.ts';
import { ownPlaybooks } from '../testing/runbooks.ts';
import { loadPlaybooks } from './load.ts';
import { readPlaybook, writePlaybook } from './read.ts';
import type { CacaoPlaybook } from './schema.ts';

const { id, cacao: example } = ownPlaybooks().find((one) => one.id === 'brute-force')!;
type Loose = Record<string, unknown> & { workflow: Record<string, Record<string, unknown>> };
const changed = (alter: (playbook: Loose) => void): string => {
  const copy = structuredClone(example) as unknown as Loose;
  alter(copy);
  return JSON.stringify(copy);
};
const stepOf = (playbook: Loose, type: string): Record<string, unknown> =>
  Object.values(playbook.workflow).find((step) => step['type'] === type)!;
const refusal = (text: string): CsirtError => {
  try {
    readPlaybook(text);
  } catch (error) {
    return error as CsirtError;
  }
  throw new Error('was read');
};

describe('reading a playbook', () => {
  it('gives the same playbook after writing', () => {
    for (const { cacao } of ownPlaybooks()) expect(readPlaybook(writePlaybook(cacao))).toEqual(cacao);
  });

  it('refuses what is not JSON, too long or too deep, without reading on', () => {
    expect(refusal('{').code).toBe('playbook-unreadable');
    expect(refusal(`"${'x'.repeat(1_100_000)}"`).code).toBe('playbook-unreadable');
    expect(refusal('['.repeat(5000) + ']'.repeat(5000)).code).toBe('playbook-unreadable');
    expect(refusal('null').code).toBe('playbook-invalid');
  });

  it('names every fault at once, with its place', () => {
    const { code, places } = refusal(
      changed((it) => {
        it['priority'] = 1000;
        it['x_mine'] = 1;
        stepOf(it, 'action')['agent'] = 'nobody';
      }),
    );
    expect(code).toBe('playbook-invalid');
    expect(places.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['priority', expect.stringMatching(/^workflow\.action--.*\.agent$/)]),
    );
  });

  it.each<[string, (it: Loose) => void, string]>([
    ['a condition that cannot be read', (it) => Object.assign(it.workflow, conditional()), 'condition'],
    [
      'an extension that is not defined',
      (it) => void delete it['extension_definitions'],
      'playbook_extensions',
    ],
    ['no end', (it) => dropType(it, 'end'), 'on_'],
    ['types without activities', (it) => void delete it['playbook_activities'], 'playbook_activities'],
  ])('refuses %s', (_, alter, place) => {
    expect(
      refusal(changed(alter))
        .places.map(({ path }) => path)
        .join(' '),
    ).toContain(place);
  });

  it('survives any JSON with a code', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(refusal(text)).toBeInstanceOf(CsirtError);
      }),
    );
  });

  it('survives any one value of a playbook being replaced', () => {
    const paths: (readonly string[])[] = [];
    const walk = (value: unknown, path: readonly string[]): void => {
      paths.push(path);
      if (typeof value === 'object' && value !== null) {
        for (const [key, inner] of Object.entries(value)) walk(inner, [...path, key]);
      }
    };
    walk(example, []);
    fc.assert(
      fc.property(fc.constantFrom(...paths.slice(1)), fc.jsonValue(), (path, value) => {
        const text = changed((it) => {
          const holder = path.slice(0, -1).reduce<Record<string, unknown>>((at, key) => at[key] as never, it);
          holder[path.at(-1)!] = value;
        });
        const { playbooks, problems } = loadPlaybooks([{ file: 'stolen-certificate.json', text }]);
        expect(playbooks.length + Math.min(1, problems.length)).toBe(1);
      }),
    );
  });
});

describe('loading playbooks', () => {
  const file = `${id}.json`;

  it('leaves a bad file out, names it and takes the others', () => {
    const { playbooks, problems } = loadPlaybooks([
      { file: 'broken.json', text: '{}' },
      { file, text: writePlaybook(example) },
      { file: 'case.test.json', text: 'not read' },
    ]);
    expect(playbooks).toHaveLength(1);
    expect(problems[0]).toMatchObject({ file: 'broken.json' });
  });

  it.each<[string, (it: Loose) => void, string]>([
    [
      'a command that it cannot run',
      (it) => Object.assign((stepOf(it, 'action')['commands'] as object[])[0]!, { type: 'bash' }),
      'commands.0.type',
    ],
    ['a playbook inside the playbook', (it) => inner(it), 'playbook-action'],
    ['a step that nothing leads to', (it) => Object.assign(it.workflow, { [spare]: { type: 'end' } }), spare],
    ['a revoked playbook', (it) => Object.assign(it, { revoked: true }), 'revoked'],
    ['a target that is not defined', (it) => void delete it['target_definitions'], 'targets.0'],
  ])('refuses %s', (_, alter, place) => {
    const { playbooks, problems } = loadPlaybooks([{ file, text: changed(alter) }]);
    expect(playbooks).toEqual([]);
    expect(problems.map(({ path, message }) => `${path} ${message}`).join(' ')).toContain(place);
  });

  it('refuses a second playbook for the same category', () => {
    const text = writePlaybook(example);
    expect(
      loadPlaybooks([
        { file, text },
        { file: `other/${file}`, text },
      ]).problems,
    ).toHaveLength(1);
  });

  it('loads a playbook without our trigger, to be started by hand', () => {
    const text = changed((it) => void delete it['playbook_extensions']);
    expect(loadPlaybooks([{ file: 'by-hand.json', text }]).playbooks[0]).toMatchObject({ id: 'by-hand' });
  });
});

const spare = 'end--aaaaaaaa-0000-4000-8000-000000000000';
function conditional(): Loose['workflow'] {
  const id = 'if-condition--aaaaaaaa-0000-4000-8000-000000000001';
  return { [id]: { type: 'if-condition', condition: 'always', on_true: spare }, [spare]: { type: 'end' } };
}
function dropType(it: Loose, type: string): void {
  for (const [id, step] of Object.entries(it.workflow)) if (step['type'] === type) delete it.workflow[id];
}
function inner(it: Loose): void {
  const id = 'playbook-action--aaaaaaaa-0000-4000-8000-000000000002';
  const start = stepOf(it, 'start');
  it.workflow[id] = {
    type: 'playbook-action',
    playbook_id: (it as unknown as CacaoPlaybook).id,
    on_completion: start['on_completion'],
  };
  start['on_completion'] = id;
}
