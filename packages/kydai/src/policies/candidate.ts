import type { PolicyEntity } from '@kydai/contracts';
import {
  loadPolicySet,
  PolicyError,
  type PolicySet,
  type PolicyTestReport,
  readEntities,
  readLinks,
  runPolicyTests,
  type TemplateLink,
} from '@kydai/policy';
import { parse } from 'yaml';
import type { Content, TextFile } from '../boot/content.ts';
import { ShellError } from '../error.ts';

/** What a set of policies is made of, as it stands in the content folder. */
export type PolicySources = Pick<Content, 'schema' | 'policies' | 'policyTests' | 'policyLinks' | 'entities'>;

/** A policy set that may come into force. Made by `prepare` alone. */
export interface Candidate {
  readonly policySet: PolicySet;
  readonly report: PolicyTestReport;
  /** What the files declare; not yet checked against the schema, since other sources may say the rest. */
  readonly entities: readonly PolicyEntity[];
}

/**
 * Parses and validates policies and runs their cases.
 *
 * @throws PolicyError with file, line and column; ShellError `invalid` that names the first case that fails.
 */
export function prepare(sources: PolicySources): Candidate {
  const { schema, policies } = sources;
  const policySet = loadPolicySet({ schema, policies, links: linksOf(sources) });
  const report = runPolicyTests(policySet, sources.policyTests.map(asJson));
  const entities = sources.entities.map(asJson).flatMap(readEntities);
  const wrong = report.results.find(({ passed }) => !passed);
  if (wrong === undefined) return { policySet, report, entities };
  throw new ShellError(
    'invalid',
    `${wrong.file}: case \`${wrong.name}\` expects ${wrong.expected} and gets ${wrong.got}` +
      (report.failed > 1 ? `; ${report.failed - 1} more fail` : ''),
  );
}

/** The templates of the files `*.links.json` with their slots filled. @throws PolicyError `link` */
export function linksOf({ policyLinks }: Pick<PolicySources, 'policyLinks'>): TemplateLink[] {
  return policyLinks.map(asJson).flatMap(readLinks);
}

/** Cases and entities may be written in YAML; the engine reads JSON. */
export function asJson({ file, text }: TextFile): TextFile {
  if (!/\.ya?ml$/.test(file)) return { file, text };
  try {
    return { file, text: JSON.stringify(parse(text, { maxAliasCount: 0 })) };
  } catch (error) {
    throw new PolicyError('request', 'this is not valid yaml', { file }, { cause: error });
  }
}

/** `policies/access/devices.cedar:12:3: unexpected token`. */
export function placed(error: PolicyError): string {
  const place = [error.file, error.line, error.column].filter((part) => part !== undefined).join(':');
  return place === '' ? error.message : `${place}: ${error.message}`;
}

/** Runs what may refuse policies, and says in one line where they are wrong. @throws ShellError `invalid` */
export function orPlaced<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw new ShellError('invalid', placed(error), { cause: error });
  }
}
