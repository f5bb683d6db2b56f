import type { CedarUid, CedarValue, PolicyEntity } from '@kydai/contracts';
import type { UidRequest } from '../evaluate/engine.ts';
import type { TemplateLink } from '../validate/policy-set.ts';
import {
  attributeNames,
  attributeTypes,
  datetimes,
  decimals,
  durations,
  ExpressionWriter,
  entityLiteral,
  entityTypes,
  ids,
  ips,
  type Kind,
  kinds,
  quote,
  strings,
} from './expression.ts';
import type { Random } from './random.ts';

/** Everything that one comparison needs. */
export interface World {
  readonly schema?: string;
  /** Each policy's or template's text by id. */
  readonly policies: readonly { readonly id: string; readonly text: string; readonly template: boolean }[];
  readonly links: readonly TemplateLink[];
  readonly entities: readonly PolicyEntity[];
  readonly requests: readonly UidRequest[];
}

const actions = ['read', 'write', 'all', '__proto__'].map((id) => ({ type: 'Action', id }));
/** Each action's groups; `all` is above `write`, which is above the rest. */
const actionGroups = new Map([
  ['read', ['write']],
  ['write', ['all']],
  ['all', []],
  ['__proto__', ['all']],
]);

const schemaTypes: Record<Kind, string> = {
  long: 'Long',
  string: 'String',
  bool: 'Bool',
  entity: 'A',
  strings: 'Set<String>',
  entities: 'Set<A>',
  record: '{n?: Long, s?: String, b?: Bool}',
  decimal: 'decimal',
  ip: 'ipaddr',
  datetime: 'datetime',
  duration: 'duration',
};

/** Makes a world. One in two has a schema, whose entities conform to it; the others mix types freely. */
export function makeWorld(random: Random, requests: number): World {
  const schema = random.chance(0.5) ? writeSchema() : undefined;
  const writer = new ExpressionWriter(random);
  const policies = random.list(1, 8, (index) => {
    const template = random.chance(0.15);
    return { id: `p${index}`, template, text: writePolicy(random, writer, template) };
  });
  const links: TemplateLink[] = policies
    .filter(({ template }) => template)
    .flatMap(({ id }) =>
      random.list(1, 3, (index) => ({
        template: id,
        id: `${id}-${index}`,
        values: { principal: uid(random), resource: uid(random) },
      })),
    );
  const entities = makeEntities(random, schema !== undefined);
  return {
    ...(schema !== undefined && { schema }),
    policies,
    links,
    entities,
    requests: random.list(requests, requests, () => ({
      principal: uid(random),
      action: random.pick(actions),
      resource: uid(random),
      context: attributes(random, schema !== undefined, random.chance(0.8) ? 0.8 : 0.2),
    })),
  };
}

function uid(random: Random): CedarUid {
  return { type: random.pick(entityTypes), id: random.pick(ids) };
}

function writeSchema(): string {
  const fields = attributeNames
    .map((name) => `${quote(name)}?: ${schemaTypes[attributeTypes[name]]}`)
    .join(', ');
  const parents = entityTypes.join(', ');
  const types = entityTypes.map((name) => {
    const at = name.lastIndexOf('::');
    const body = `entity ${at === -1 ? name : name.slice(at + 2)} in [${parents}] {${fields}} tags Long;`;
    return at === -1 ? body : `namespace ${name.slice(0, at)} { ${body} }`;
  });
  const declared = [...actionGroups].map(([id, groups]) => {
    const within = groups.length > 0 ? ` in [${groups.map(quote).join()}]` : '';
    return `action ${quote(id)}${within} appliesTo { principal: [${parents}], resource: [${parents}], context: {${fields}} };`;
  });
  return [...types, ...declared].join('\n');
}

function writePolicy(random: Random, writer: ExpressionWriter, template: boolean): string {
  const effect = random.pick(['permit', 'permit', 'forbid']);
  const slots = template ? random.pick(['principal', 'resource', 'both']) : 'none';
  const entityHead = (variable: 'principal' | 'resource') => {
    const slot = slots === variable || slots === 'both';
    const target = slot ? `?${variable}` : entityLiteral(random);
    const within = random.pick([
      `== ${target}`,
      `in ${target}`,
      `in ${target}`,
      `is ${random.pick(entityTypes)} in ${target}`,
    ]);
    if (slot) return `${variable} ${within}`;
    return random.chance(0.6)
      ? variable
      : `${variable} ${random.chance(0.2) ? `is ${random.pick(entityTypes)}` : within}`;
  };
  const literal = () => `Action::${quote(random.pick(actions).id)}`;
  const action = random.pick([
    'action',
    `action == ${literal()}`,
    `action in ${literal()}`,
    `action in [${literal()}, ${literal()}]`,
  ]);
  const conditions = random
    .list(
      0,
      2,
      () => `${random.pick(['when', 'when', 'unless'])} { ${writer.write('bool', 1 + random.below(4))} }`,
    )
    .join(' ');
  return `${effect} (${entityHead('principal')}, ${action}, ${entityHead('resource')}) ${conditions};`;
}

function makeEntities(random: Random, typed: boolean): PolicyEntity[] {
  const entities: PolicyEntity[] = [];
  const earlier: CedarUid[] = [];
  for (const type of entityTypes) {
    for (const id of ids) {
      if (random.chance(0.7)) continue;
      // Parents come from what was made before, or from nothing that exists: no cycles.
      const parents = earlier.length === 0 ? [] : random.list(0, 2, () => random.pick(earlier));
      const tags = Object.fromEntries(random.list(0, 3, () => [random.pick(strings), random.below(10)]));
      entities.push({
        uid: { type, id },
        attrs: attributes(random, typed, 0.5),
        parents: unique(parents),
        tags,
      });
      earlier.push({ type, id });
    }
  }
  if (!typed) {
    for (const action of actions) {
      const parents = actionGroups.get(action.id)!.map((id) => ({ type: 'Action', id }));
      entities.push({ uid: action, attrs: {}, parents });
    }
  }
  return entities;
}

function unique(uids: readonly CedarUid[]): CedarUid[] {
  return [...new Map(uids.map((each) => [JSON.stringify(each), each])).values()];
}

function attributes(random: Random, typed: boolean, density: number): Record<string, CedarValue> {
  const names = attributeNames.filter(() => random.chance(density));
  return Object.fromEntries(
    names.map((name) => {
      const kind = !typed && random.chance(0.1) ? random.pick(kinds) : attributeTypes[name];
      return [name, cedarValue(random, kind, typed)];
    }),
  );
}

function cedarValue(random: Random, kind: Kind, typed: boolean): CedarValue {
  const entity = () => ({ __entity: typed ? { type: 'A', id: random.pick(ids) } : uid(random) });
  const extension = (fn: string, texts: readonly string[]) => ({ __extn: { fn, arg: random.pick(texts) } });
  switch (kind) {
    case 'long':
      return random.pick([0, 1, -1, 2, 9007199254740991, -9007199254740991]);
    case 'string':
      return random.pick(strings);
    case 'bool':
      return random.chance(0.5);
    case 'entity':
      return entity();
    case 'strings':
      return random.list(0, 3, () => random.pick(strings));
    case 'entities':
      return random.list(0, 3, entity);
    case 'record':
      return { n: random.below(3), ...(random.chance(0.5) && { s: random.pick(strings) }) };
    case 'decimal':
      return extension('decimal', decimals);
    case 'ip':
      return extension('ip', ips);
    case 'datetime':
      return extension('datetime', datetimes);
    case 'duration':
      return extension('duration', durations);
  }
}
