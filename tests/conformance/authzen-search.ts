import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createAuthZenHandler, createEngine, createSearch, EntityStore, loadPolicySet } from '@kydai/policy';
import { openCorpus, type SuiteOptions, type SuiteResult } from './corpus.ts';

const actions = ['view', 'edit', 'delete'];
const roles = ['manager', 'employee', 'contractor', 'suspended'];
const worlds = 12;

type Handler = (request: Request) => Promise<Response>;
interface Found {
  readonly results: readonly { readonly id?: string; readonly name?: string }[];
  readonly page: { readonly next_token: string };
}

/**
 * The three searches of AuthZEN 1.0 over HTTP against what single evaluations say, in worlds of which each run makes
 * others: whoever is found is allowed, and whoever is allowed is found, on pages of every length. With `--corpus`, the
 * working group's own cases: its folder `interop/authzen-search-demo`.
 */
export async function run(options: SuiteOptions): Promise<SuiteResult> {
  if (options.corpus !== undefined) return interop(await openCorpus(options.corpus));
  const seed = Number(process.env['KYDAI_SEED'] ?? randomInt(1_000_000_000));
  console.log(`seed ${seed}`);
  const failures: string[] = [];
  let passed = 0;
  for (let world = 0; world < worlds; world++) {
    const draw = generator(seed + world);
    const [users, records] = [names('u', 2 + draw(9)), names('r', 1 + draw(60))];
    const handler = randomly(users, records, draw);
    const check = (what: string, found: readonly string[], expected: readonly string[]) => {
      if (found.join() === [...expected].sort().join()) passed++;
      else failures.push(`seed ${seed + world}: ${what}: found ${found.join()}, expected ${expected.join()}`);
    };
    const allowed = new Set<string>();
    for (const user of users)
      for (const record of records)
        for (const action of actions)
          if (await evaluate(handler, user, action, record)) allowed.add(`${user} ${action} ${record}`);
    const may = (user: string, action: string, record: string) => allowed.has(`${user} ${action} ${record}`);
    const page = { limit: 1 + draw(5) };
    for (const action of actions) {
      for (const user of users) {
        const body = {
          subject: { type: 'user', id: user },
          action: { name: action },
          resource: { type: 'record' },
          page,
        };
        const found = await searchAll(handler, 'resource', body);
        check(
          `what ${user} may ${action}`,
          found,
          records.filter((record) => may(user, action, record)),
        );
      }
      for (const record of records) {
        const body = {
          subject: { type: 'user' },
          action: { name: action },
          resource: { type: 'record', id: record },
          page,
        };
        const found = await searchAll(handler, 'subject', body);
        check(
          `who may ${action} ${record}`,
          found,
          users.filter((user) => may(user, action, record)),
        );
      }
    }
    for (const user of users) {
      const record = records[draw(records.length)]!;
      const body = { subject: { type: 'user', id: user }, resource: { type: 'record', id: record }, page };
      const found = await searchAll(handler, 'action', body);
      check(
        `what ${user} may do to ${record}`,
        found,
        actions.filter((action) => may(user, action, record)),
      );
    }
  }
  return { passed, failed: failures.length, failures };
}

const names = (letter: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${letter}${String(index).padStart(3, '0')}`);

/** Numbers below a bound, the same for a seed (mulberry32). */
function generator(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

interface Person {
  readonly id: string;
  readonly department: string;
  readonly roles: readonly string[];
}
interface Document {
  readonly id: string;
  readonly department: string;
  readonly owner: string;
}

function randomly(
  users: readonly string[],
  records: readonly string[],
  draw: (bound: number) => number,
): Handler {
  const department = () => `d${draw(4)}`;
  return scenario(
    users.map((id) => ({ id, department: department(), roles: roles.filter(() => draw(3) === 0) })),
    // Now and then an owner who left.
    records.map((id) => ({
      id,
      department: department(),
      owner: draw(8) === 0 ? 'gone' : users[draw(users.length)]!,
    })),
  );
}

function scenario(people: readonly Person[], documents: readonly Document[]): Handler {
  const source = (name: string) => ({
    file: name,
    text: readFileSync(join(import.meta.dirname, 'fixtures', name), 'utf8'),
  });
  const policySet = loadPolicySet({
    schema: source('authzen-search.cedarschema'),
    policies: [source('authzen-search.cedar')],
  });
  const entities = new EntityStore({ schema: policySet.schema });
  const reference = (type: string, id: string) => ({ __entity: { type, id } });
  for (const { id, department, roles: held } of people) {
    entities.upsert({
      uid: { type: 'User', id },
      attrs: { department: reference('Department', department) },
      parents: held.map((role) => ({ type: 'Role', id: role })),
    });
  }
  for (const { id, department, owner } of documents) {
    entities.upsert({
      uid: { type: 'Record', id },
      attrs: { department: reference('Department', department), owner: reference('User', owner) },
      parents: [{ type: 'Department', id: department }],
    });
  }
  const engine = createEngine({ policySet, entities });
  const search = createSearch(engine, entities);
  return createAuthZenHandler({ decide: engine.decide, entities, search, clock: { now: () => 0 } });
}

/** The cases and the data of the working group's search scenario. */
async function interop(folder: string): Promise<SuiteResult> {
  const read = (path: string) => JSON.parse(readFileSync(join(folder, path), 'utf8')) as unknown;
  const people = read('data/users.json') as { id: string; role: string; department: string }[];
  const documents = read('data/records.json') as Document[];
  const handler = scenario(
    people.map(({ role, ...person }) => ({ ...person, roles: [role] })),
    documents.map((document) => ({ ...document, id: String(document.id) })),
  );
  const failures: string[] = [];
  let passed = 0;
  for (const what of ['subject', 'resource', 'action']) {
    const [cases] = Object.values(read(`test-harness/src/${what}/results.json`) as object) as [
      { request: { page: object }; expected: { results: { id?: string; name?: string }[] } }[],
    ];
    for (const { request, expected } of cases) {
      const found = await searchAll(handler, what, request);
      const wanted = expected.results.map(({ id, name }) => id ?? name).sort();
      if (found.join() === wanted.join()) passed++;
      else failures.push(`${JSON.stringify(request)}: expected ${wanted.join()}, found ${found.join()}`);
    }
  }
  return { passed, failed: failures.length, failures };
}

async function evaluate(handler: Handler, user: string, action: string, record: string): Promise<boolean> {
  const body = {
    subject: { type: 'user', id: user },
    action: { name: action },
    resource: { type: 'record', id: record },
  };
  return ((await ask(handler, '/access/v1/evaluation', body)) as { decision: boolean }).decision;
}

/** Every page of a search, in the order of the answers. */
async function searchAll(handler: Handler, what: string, body: { page: object }): Promise<string[]> {
  const found: string[] = [];
  let token = '';
  do {
    const page = token === '' ? body.page : { ...body.page, token };
    const answer = (await ask(handler, `/access/v1/search/${what}`, { ...body, page })) as Found;
    found.push(...answer.results.map(({ id, name }) => id ?? name ?? ''));
    token = answer.page.next_token;
  } while (token !== '' && found.length < 10_000);
  return what === 'action' ? found.sort() : found;
}

async function ask(handler: Handler, path: string, body: unknown): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  return (
    await handler(
      new Request(`http://localhost${path}`, { method: 'POST', headers, body: JSON.stringify(body) }),
    )
  ).json();
}
