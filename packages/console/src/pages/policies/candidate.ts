import type { PolicyFilesView, PolicyView } from '@kydai/contracts';

/** Files as they would be, by name; those in force that are not named stay. */
export type Edits = ReadonlyMap<string, string>;

/** The set in force with its files changed: a file of the same name, or the same last part of it, is replaced. */
export function candidateOf({ schema, policies }: PolicyFilesView, edits: Edits): PolicyFilesView {
  const changed = (file: string, text: string) => ({ file, text: edits.get(file) ?? text });
  const known = new Set([schema.file, ...policies.map(({ file }) => file)]);
  const added = [...edits].filter(([file]) => !known.has(file) && file.endsWith('.cedar'));
  return {
    schema: changed(schema.file, schema.text),
    policies: [
      ...policies.map(({ file, text }) => changed(file, text)),
      ...added.map(([file, text]) => ({ file, text })),
    ],
  };
}

/** The set in force without one of its policies. */
export function withoutPolicy(files: PolicyFilesView, { file, text }: Pick<PolicyView, 'file' | 'text'>) {
  const before = files.policies.find((one) => one.file === file)?.text ?? '';
  return candidateOf(files, new Map([[file, before.replace(text, () => '')]]));
}

/** The file in force that an uploaded file stands for: the one whose path ends as its does; else its own name. */
export function placeOf({ schema, policies }: PolicyFilesView, path: string): string {
  if (path.endsWith('.cedarschema')) return schema.file;
  const names = policies.map(({ file }) => file);
  const parts = path.split('/');
  for (let from = 0; from < parts.length; from++) {
    const tail = parts.slice(from).join('/');
    const same = names.filter((name) => name === tail || name.endsWith(`/${tail}`));
    if (same.length === 1) return same[0]!;
  }
  return path;
}
