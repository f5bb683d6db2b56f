import { createPublicKey } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import {
  CsirtError,
  loadPlaybooks,
  type Place,
  readPlaybook,
  verifySignatures,
  writePlaybook,
} from '@kydai/csirt';
import { openCorpus } from './corpus.ts';

/**
 * The example playbooks of the CACAO committee: each is read and written again without loss, and each of them broken in
 * one known way is refused with the place that was broken. The signature example verifies.
 */
export async function run(options: {
  corpus?: string;
  rules?: string;
  shared: string;
}): Promise<{ passed: number; failed: number; skipped?: number; failures: string[] }> {
  const folder = await openCorpus(options.corpus ?? join(options.shared, 'cacao-examples.tar.gz'));
  const failures: string[] = [];
  let passed = 0;
  let skipped = 0;
  const check = (name: string, holds: boolean, why: string): void => {
    if (holds) passed += 1;
    else failures.push(`${name}: ${why}`);
  };

  for (const path of files(folder, '.json')) {
    const name = basename(path);
    const text = readFileSync(path, 'utf8');
    const document = JSON.parse(text) as Record<string, unknown>;
    if (document['type'] !== 'playbook') {
      check(`${name} is no playbook`, refusal(text) !== undefined, 'was read as one');
      continue;
    }
    try {
      const playbook = readPlaybook(text);
      check(name, isDeepStrictEqual(JSON.parse(writePlaybook(playbook)), document), 'changed on the way');
      check(
        `${name} again`,
        isDeepStrictEqual(readPlaybook(writePlaybook(playbook)), playbook),
        'is not stable',
      );
    } catch (error) {
      failures.push(`${name}: ${(error as Error).message}`);
      continue;
    }
    for (const [what, place, broken] of breakages(document)) {
      const error = refusal(JSON.stringify(broken));
      const places = error?.places.map((it) => it.path) ?? [];
      const named = places.some((it) => it.startsWith(place));
      check(`${name} ${what}`, named, error === undefined ? 'was accepted' : `names ${places.join(', ')}`);
    }
    for (const cut of [0.25, 0.5, 0.9]) {
      const code = refusal(text.slice(0, Math.floor(text.length * cut)))?.code;
      check(`${name} cut at ${cut}`, code === 'playbook-unreadable', `gave ${code}`);
    }
  }
  for (const path of files(folder, '.md')) {
    for (const [name, holds] of signatureChecks(readFileSync(path, 'utf8'))) {
      check(`${basename(path)} ${name}`, holds, 'does not hold');
    }
  }
  if (passed === 0 && failures.length === 0) skipped = 1;
  return { passed, failed: failures.length, skipped, failures };
}

function files(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .sort()
    .map((file) => join(folder, file));
}

/**
 * The signature example: each signature that carries a key and a value which can be read is right, and right no longer
 * once the name of the playbook is another.
 */
function* signatureChecks(text: string): Generator<readonly [string, boolean]> {
  for (const [, block] of text.matchAll(/```json\n([\s\S]*?)```/g)) {
    const document = parsed(block!);
    const signatures = (document?.['signatures'] ?? []) as {
      value?: string;
      public_key: string;
      valid_from: string;
    }[];
    for (const [index, { value, public_key, valid_from }] of signatures.entries()) {
      if (value === undefined || public_key.includes(' ')) continue;
      const key = createPublicKey({ key: Buffer.from(public_key, 'base64'), format: 'der', type: 'spki' });
      const now = Date.parse(valid_from);
      yield ['is right', verifySignatures(document, [key], now)[index]!.trusted];
      yield ['is not trusted by everyone', !verifySignatures(document, [], now)[index]!.trusted];
      yield [
        'is wrong for another name',
        !verifySignatures({ ...document, name: 'x' }, [key], now)[index]!.trusted,
      ];
    }
  }
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** Why the playbook is not read, or read and not loaded. */
function refusal(text: string): { readonly code?: string; readonly places: readonly Place[] } | undefined {
  try {
    readPlaybook(text);
  } catch (error) {
    if (error instanceof CsirtError) return error;
    throw error;
  }
  const { problems } = loadPlaybooks([{ file: 'playbook.json', text }]);
  const places = problems.filter(({ message }) => message.includes('target_definitions'));
  return places.length === 0 ? undefined : { places };
}

type Json = Record<string, unknown>;

function set(object: Json, property: string, value: unknown): void {
  object[property] = value;
}

/** The playbook broken in one way each: what was done, the place that must be named, the broken document. */
function* breakages(document: Json): Generator<readonly [string, string, Json]> {
  const copy = (): Json => structuredClone(document);
  const changed = (alter: (playbook: Json) => void): Json => {
    const playbook = copy();
    alter(playbook);
    return playbook;
  };
  for (const required of [
    'spec_version',
    'id',
    'name',
    'created_by',
    'created',
    'modified',
    'workflow_start',
    'workflow',
  ]) {
    yield [`without ${required}`, required, changed((it) => delete it[required])];
  }
  yield ['of version 1', 'spec_version', changed((it) => set(it, 'spec_version', 'cacao-1.1'))];
  yield ['with a property of its own', '', changed((it) => set(it, 'x_own', true))];
  yield [
    'modified before it was created',
    'modified',
    changed((it) => set(it, 'modified', '2001-01-01T00:00:00.000Z')),
  ];
  yield ['created to the second', 'created', changed((it) => set(it, 'created', '2023-01-01T00:00:00Z'))];
  yield [
    'started elsewhere',
    'workflow_start',
    changed((it) => set(it, 'workflow_start', 'start--00000000-0000-4000-8000-000000000000')),
  ];
  yield ['with a priority of 101', 'priority', changed((it) => set(it, 'priority', 101))];

  for (const [id, step] of Object.entries(document['workflow'] as Record<string, Json>)) {
    const place = `workflow.${id}`;
    const alter = (change: (step: Json) => void): Json =>
      changed((it) => change((it['workflow'] as Record<string, Json>)[id]!));
    yield [`${id} of an unknown type`, place, alter((it) => set(it, 'type', 'wait'))];
    yield [`${id} with a negative delay`, `${place}.delay`, alter((it) => set(it, 'delay', -1))];
    yield [`${id} with a property of its own`, place, alter((it) => set(it, 'retries', 3))];
    if (typeof step['on_completion'] === 'string') {
      yield [
        `${id} leading nowhere`,
        `${place}.on_completion`,
        alter((it) => set(it, 'on_completion', 'end--00000000-0000-4000-8000-000000000000')),
      ];
      yield [
        `${id} with two ways on`,
        `${place}.on_completion`,
        alter((it) => set(it, 'on_failure', it['on_completion'])),
      ];
    }
    if (step['type'] === 'action') {
      yield [`${id} without commands`, `${place}.commands`, alter((it) => set(it, 'commands', []))];
      yield [
        `${id} of an unknown agent`,
        `${place}.agent`,
        alter((it) => set(it, 'agent', 'group--00000000-0000-4000-8000-000000000000')),
      ];
      yield [
        `${id} at an unknown target`,
        `${place}.targets`,
        alter((it) => set(it, 'targets', ['sector--00000000-0000-4000-8000-000000000000'])),
      ];
    }
    if (step['type'] === 'end') {
      yield [`${id} going on`, place, alter((it) => set(it, 'on_completion', document['workflow_start']))];
    }
  }
}
