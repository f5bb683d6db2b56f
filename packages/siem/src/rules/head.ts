import { EntityType, Level } from '@kydai/contracts';
import { quote, RuleFault } from './problem.ts';
import type { EntityField, RuleHead } from './rule.ts';
import { child, type SourceNode, textOf, textsOf } from './source.ts';

/** Reads what every kind of document carries; throws a `RuleFault` where it is wrong. */
export function readHead(node: SourceNode, file: string): RuleHead {
  const title = textOf(child(node, 'title'));
  if (!title) throw new RuleFault('field-missing', node.line, 'a rule needs a `title`');
  if (title.length > 256)
    throw new RuleFault('value-invalid', node.line, 'a title has at most 256 characters');
  const tags = textsOf(child(node, 'tags')).map((tag) => tag.toLowerCase());
  const name = textOf(child(node, 'name'));
  const titleVi = textOf(child(node, 'title_vi'));
  const descriptionVi = textOf(child(node, 'description_vi'));
  const category = tags.find((tag) => tag.startsWith('kydai.category.'))?.slice('kydai.category.'.length);
  const entities = readEntities(child(child(node, 'kydai'), 'entities'));
  const levelNode = child(node, 'level');
  const level = Level.safeParse(textOf(levelNode) ?? 'medium');
  if (!level.success) {
    throw new RuleFault('value-invalid', levelNode!.line, `${quote(textOf(levelNode)!)} is not a level`);
  }
  return {
    id: textOf(child(node, 'id')) ?? name ?? `${file}:${node.line}`,
    title,
    description: textOf(child(node, 'description')) ?? '',
    status: textOf(child(node, 'status')) ?? 'experimental',
    level: level.data,
    tags,
    techniques: techniquesOf(tags),
    falsePositives: textsOf(child(node, 'falsepositives')),
    falsePositivesVi: textsOf(child(node, 'falsepositives_vi')),
    file,
    line: node.line,
    ...(name === undefined ? {} : { name }),
    ...(titleVi === undefined ? {} : { titleVi }),
    ...(descriptionVi === undefined ? {} : { descriptionVi }),
    ...(category ? { category } : {}),
    ...(entities ? { entities } : {}),
  };
}

/** `attack.t1110.001` and `attack.ics.t0855` name techniques; other tags don't. */
function techniquesOf(tags: readonly string[]): readonly string[] {
  const found = tags.flatMap(
    (tag) => /^attack\.(?:ics\.)?(t\d{4}(?:\.\d{3})?)$/.exec(tag)?.[1]?.toUpperCase() ?? [],
  );
  return [...new Set(found)];
}

function readEntities(node: SourceNode | undefined): readonly EntityField[] | undefined {
  if (node === undefined) return undefined;
  if (node.kind !== 'map')
    throw new RuleFault('value-invalid', node.line, '`kydai.entities` maps fields to types');
  return node.entries.map((entry) => {
    const type = EntityType.safeParse(textOf(entry.value));
    if (!type.success)
      throw new RuleFault('value-invalid', entry.line, `${quote(entry.key)} has no known entity type`);
    return { field: entry.key, type: type.data };
  });
}
