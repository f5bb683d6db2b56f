import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ShellError } from '../error.ts';

export interface TextFile {
  /** Path relative to the content folder, for messages. */
  readonly file: string;
  readonly text: string;
}

/** What the city may change without touching code: policies, detection rules, parsers, playbooks, obligations. */
export interface Content {
  readonly schema: TextFile;
  readonly policies: readonly TextFile[];
  /** Cases that the policies must decide as they say. */
  readonly policyTests: readonly TextFile[];
  /** Templates of policies with their slots filled. */
  readonly policyLinks: readonly TextFile[];
  /** Entities that the city declares: agencies, officers, services, streams, actuators, data. */
  readonly entities: readonly TextFile[];
  readonly rules: readonly TextFile[];
  /** Parsers of the city's own for log lines. */
  readonly parsers: readonly TextFile[];
  /** Where log sources of the city's own keep their fields. */
  readonly mappings: readonly TextFile[];
  readonly playbooks: readonly TextFile[];
  readonly obligations: readonly TextFile[];
}

/** The folder that holds the built-in `policies/` and `runbooks/`. */
export const builtInContent = fileURLToPath(new URL('../../../../', import.meta.url));

/**
 * Reads all content from a folder shaped like the project's own.
 *
 * @throws ShellError `content` where the folder lacks the schema of decisions.
 */
export function readContent(folder: string): Content {
  const root = folder === '' ? builtInContent : folder;
  return {
    ...readPolicies(folder),
    rules: filesIn(root, 'policies/detection', /(?<!\.test)\.ya?ml$/),
    parsers: filesIn(root, 'policies/parsers', /\.(?:ya?ml|json)$/),
    mappings: filesIn(root, 'policies/mappings', /\.ya?ml$/),
    playbooks: filesIn(root, 'runbooks', /(?<!\.test)\.json$/),
    obligations: filesIn(root, 'policies/obligations', /\.ya?ml$/),
  };
}

const allDecisions = ['access', 'enrolment', 'release', 'response'] as const;
type Decisions = (typeof allDecisions)[number];

/**
 * Reads what decisions are made by: of all kinds, unless told which.
 *
 * @throws ShellError `content` where the folder lacks the schema of decisions.
 */
export function readPolicies(
  folder: string,
  decisions: readonly Decisions[] = allDecisions,
): Pick<Content, 'schema' | 'policies' | 'policyTests' | 'policyLinks' | 'entities'> {
  const root = folder === '' ? builtInContent : folder;
  const schema = join(root, 'policies/schema.cedarschema');
  if (!existsSync(schema)) {
    throw new ShellError(
      'content',
      `no \`policies/schema.cedarschema\` in \`${root}\`; check setting \`content\``,
    );
  }
  const all = (pattern: RegExp) => decisions.flatMap((kind) => filesIn(root, `policies/${kind}`, pattern));
  return {
    schema: { file: 'policies/schema.cedarschema', text: readFileSync(schema, 'utf8') },
    policies: all(/\.cedar$/),
    policyTests: all(/\.test\.(?:json|ya?ml)$/),
    policyLinks: all(/\.links\.(?:json|ya?ml)$/),
    entities: filesIn(root, 'policies/entities', /\.(?:json|ya?ml)$/),
  };
}

function filesIn(root: string, folder: string, pattern: RegExp): TextFile[] {
  const path = join(root, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => ({ file: relative(root, file), text: readFileSync(file, 'utf8') }));
}
