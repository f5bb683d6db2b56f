import { LineCounter, type Node, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import type { RuleFile } from './load.ts';
import type { FieldMap } from './pipeline.ts';
import { quote } from './problem.ts';
import type { LogSource } from './rule.ts';

const most = { bytes: 1_000_000, fields: 5000, values: 10_000 };
const name = z.string().min(1, 'may not be empty').max(256);
const names = z.union([name, z.array(name).min(1).max(16)], 'must be a field, or a list of fields');

/**
 * A file that says where a log source keeps its fields, in the manner of a Sigma processing pipeline: which log source,
 * under which datasets its events come, and by which names; and what the placeholders of rules stand for.
 */
const MappingFile = z
  .strictObject({
    name: z.string().min(1).max(128),
    /** The lower comes first, and what comes first wins; files of the same priority go by their order. */
    priority: z.number().int().min(0).max(1000).default(100),
    mappings: z
      .array(
        z
          .strictObject({
            logsource: z
              .strictObject({ product: name.optional(), category: name.optional(), service: name.optional() })
              .default({}),
            datasets: z
              .array(z.string().regex(/^[a-z0-9][a-z0-9._-]{0,99}$/, 'must be the name of a dataset'))
              .max(100)
              .default([]),
            fields: z.record(name, names).default({}),
            others: z
              .string()
              .max(256)
              .regex(/^[^*]*\*[^*]*$/, 'must hold one `*`, which stands for the name')
              .optional(),
          })
          .refine(
            ({ logsource, datasets }) => datasets.length === 0 || Object.keys(logsource).length > 0,
            'datasets need a `logsource`',
          ),
      )
      .max(500)
      .default([]),
    /** What `%name%` stands for under the modifier `expand`; `*` and `?` are wildcards in the values. */
    placeholders: z
      .record(
        z.string().regex(/^[^%\s\\]{1,100}$/, 'must be a name without blanks, `%` and backslashes'),
        z.array(z.string().max(1000), 'must be a list of texts').max(most.values),
      )
      .default({}),
  })
  .refine(
    ({ mappings, placeholders }) => mappings.length > 0 || Object.keys(placeholders).length > 0,
    'needs `mappings` or `placeholders`',
  );

/** What is wrong with a mapping file, and where. */
export interface MappingProblem {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/**
 * Reads mapping files (YAML) for `LoadOptions.fieldMaps`, in the order in which they apply. A file with anything wrong
 * is left out as a whole; nothing is thrown.
 */
export function readMappings(files: readonly RuleFile[]): {
  readonly fieldMaps: readonly FieldMap[];
  readonly problems: readonly MappingProblem[];
} {
  const problems: MappingProblem[] = [];
  const found = files.flatMap(({ file, text }) => {
    const read = readMapping(text);
    if ('name' in read) return [read];
    problems.push(...read.map((problem) => ({ file, ...problem })));
    return [];
  });
  const fieldMaps = found.toSorted((one, other) => one.priority - other.priority).flatMap(mapsOf);
  return { fieldMaps, problems };
}

type Place = Omit<MappingProblem, 'file'>;

function readMapping(text: string): z.infer<typeof MappingFile> | readonly Place[] {
  const at = (line: number, column: number, message: string): readonly Place[] => [{ line, column, message }];
  if (text.length > most.bytes) return at(1, 1, `the file is larger than ${most.bytes} bytes`);
  const lines = new LineCounter();
  let documents: ReturnType<typeof parseAllDocuments>;
  try {
    documents = parseAllDocuments(text, { lineCounter: lines, logLevel: 'silent', prettyErrors: false });
  } catch {
    return at(1, 1, 'nested too deeply');
  }
  const [document, second] = documents as Iterable<unknown> as [
    (ReturnType<typeof parseAllDocuments> & readonly unknown[])[number]?,
    ...unknown[],
  ];
  if (document === undefined) return at(1, 1, 'the file is empty');
  if (second !== undefined) return at(1, 1, 'a mapping file holds one document');
  const [error] = document.errors;
  if (error) {
    const { line, col } = lines.linePos(error.pos[0]);
    return at(line, col, error.message.split('\n', 1)[0]!.slice(0, 200));
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 0 });
  } catch {
    return at(1, 1, 'aliases have no place in a mapping file');
  }
  const checked = MappingFile.safeParse(value);
  if (!checked.success) return checked.error.issues.map(placed);
  const fields = checked.data.mappings.reduce((sum, mapping) => sum + Object.keys(mapping.fields).length, 0);
  return fields > most.fields ? at(1, 1, `more than ${most.fields} fields`) : checked.data;

  function placed({ path, message, ...issue }: z.core.$ZodIssue): Place {
    const keys = issue.code === 'unrecognized_keys' ? issue.keys : [];
    // The deepest part of the path that is written in the file.
    for (let length = path.length; length >= 0; length--) {
      const node = document!.getIn([...path.slice(0, length)], true) as Node | undefined;
      if (node?.range === undefined || node.range === null) continue;
      const { line, col } = lines.linePos(node.range[0]);
      const where = path.length === 0 ? '' : `${quote(path.join('.'))}: `;
      const what = keys.length > 0 ? `does not know ${keys.map(quote).join(', ')}` : lowerFirst(message);
      return { line, column: col, message: where + what };
    }
    return { line: 1, column: 1, message: lowerFirst(message) };
  }
}

function mapsOf({
  name: pipeline,
  mappings,
  placeholders,
}: z.infer<typeof MappingFile>): readonly FieldMap[] {
  const values =
    Object.keys(placeholders).length === 0 ? [] : [{ pipeline, logsource: {}, fields: {}, placeholders }];
  const maps = mappings.map(({ logsource, datasets, fields, others }) => ({
    pipeline,
    logsource: Object.fromEntries(
      Object.entries(logsource).map(([key, text]) => [key, text?.toLowerCase()]),
    ) as LogSource,
    datasets,
    fields,
    ...(others === undefined ? {} : { others }),
  }));
  return [...values, ...maps];
}

function lowerFirst(message: string): string {
  return message.replace(/^Invalid input: /, '').replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase());
}
