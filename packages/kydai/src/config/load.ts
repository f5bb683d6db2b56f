import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { ShellError } from '../error.ts';
import { Config, type Setting, settings } from './schema.ts';

/**
 * Reads `kydai.yaml` (absent is fine unless it was named), lays the environment over it, and validates.
 *
 * @throws ShellError `setting`: one line that names the file or variable and the setting that is wrong.
 */
export function loadConfig(options: {
  readonly file: string;
  readonly required: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
}): Config {
  const document = readYaml(options.file, options.required);
  const origin = new Map<string, string>();
  for (const { path, variable, form } of settings()) {
    const value = options.environment[variable];
    if (value === undefined || value === '') continue;
    setPath(document, path, fromText(value, form));
    origin.set(path, variable);
  }
  refuseUnknownVariables(options.environment);
  const parsed = Config.safeParse(document);
  if (parsed.success) return checked(parsed.data);
  const issue = parsed.error.issues[0]!;
  const path = [...issue.path, ...(issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [])].join(
    '.',
  );
  throw new ShellError(
    'setting',
    `${origin.get(path) ?? options.file}: setting \`${path}\` ${explain(issue)}`,
  );
}

function explain(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return 'does not exist; `kydai config` lists all settings';
  return `is not valid: ${issue.message.replace(/^Invalid input: /, '').toLowerCase()}`;
}

function readYaml(file: string, required: boolean): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (!required && (error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new ShellError('setting', `cannot read the configuration file \`${file}\``, { cause: error });
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const problem = document.errors[0];
  if (problem) {
    const { line, col } = lines.linePos(problem.pos[0]);
    throw new ShellError('setting', `${file}:${line}:${col}: not valid yaml: ${problem.code.toLowerCase()}`);
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 0 }) ?? {};
  } catch (error) {
    throw new ShellError('setting', `${file}: aliases are not valid here; write the value again`, {
      cause: error,
    });
  }
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new ShellError('setting', `${file}: must hold settings as \`name: value\``);
  }
  return value as Record<string, unknown>;
}

function setPath(document: Record<string, unknown>, path: string, value: unknown): void {
  const names = path.split('.');
  const last = names.pop()!;
  let group = document;
  for (const name of names) {
    const inner = group[name];
    const copy = { ...(typeof inner === 'object' && inner !== null ? inner : {}) } as Record<string, unknown>;
    group[name] = copy;
    group = copy;
  }
  group[last] = value;
}

/** What cannot be read as the setting's form stays text, which the schema then refuses by name. */
function fromText(text: string, form: Setting['form']): unknown {
  if (form === 'number' && text.trim() !== '' && Number.isFinite(Number(text))) return Number(text);
  if (form === 'boolean' && /^(?:true|false)$/.test(text)) return text === 'true';
  if (form === 'json') return fromJson(text);
  if (form !== 'list') return text;
  return /^\s*[[{]/.test(text) ? fromJson(text) : text.split(',').map((item) => item.trim());
}

/** A list of settings in a variable; what is no JSON stays text, which the schema then refuses by name. */
function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** `KYDAI_PASSPHRASE` unlocks the keys and is read elsewhere; anything else unknown is most likely a misspelling. */
function refuseUnknownVariables(environment: Readonly<Record<string, string | undefined>>): void {
  const known = new Set([
    'KYDAI_PASSPHRASE',
    'KYDAI_BACKUP_PASSPHRASE',
    'KYDAI_CONFIG',
    'KYDAI_ENROLMENT_TOKEN',
    'KYDAI_TOKEN',
    ...settings().map(({ variable }) => variable),
  ]);
  const unknown = Object.keys(environment).find((name) => name.startsWith('KYDAI_') && !known.has(name));
  if (unknown)
    throw new ShellError('setting', `${unknown}: no setting has this variable; \`kydai config\` lists all`);
}

function checked(config: Config): Config {
  for (const [path, host] of [
    ['http.host', config.http.host],
    ['devices.host', config.devices.host],
    ['status.host', config.status.host],
    ['collect.host', config.collect.host],
    ['syslog.host', config.syslog.host],
  ] as const) {
    if (isIP(host) === 0 && host !== 'localhost') {
      throw new ShellError(
        'setting',
        `setting \`${path}\` must be an IP address to listen on, not \`${host}\``,
      );
    }
  }
  if (config.mqtt.url !== '' && !/^(?:mqtts?|wss?):\/\/\S+$/.test(config.mqtt.url))
    throw new ShellError('setting', 'setting `mqtt.url` must be like `mqtts://broker.example:8883`');
  for (const [path, url] of [
    ['http.url', config.http.url],
    ['status.url', config.status.url],
    ['oidc.issuer', config.oidc.issuer],
  ] as const) {
    if (url !== '' && !/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
      throw new ShellError('setting', `setting \`${path}\` must be an http or https address, not \`${url}\``);
    }
  }
  if (config.oidc.issuer !== '' && config.oidc.clientId === '') {
    throw new ShellError('setting', 'setting `oidc.clientId` is needed when `oidc.issuer` is set');
  }
  const { store, postgres } = config.records;
  if (store === 'postgres' && !/^postgres(?:ql)?:\/\/[^:@/\s]+@[^@\s]*\/\S+$/.test(postgres.url))
    throw new ShellError(
      'setting',
      'setting `records.postgres.url` must be like postgres://kydai@db.example:5432/kydai, with the password in a setting of its own',
    );
  if (config.events.store === 'elasticsearch' && !/^https?:\/\/\S+$/.test(config.events.elasticsearch.node)) {
    throw new ShellError(
      'setting',
      'setting `events.elasticsearch.node` must be the address of the cluster, such as https://es.example:9200',
    );
  }
  return config;
}

/** Whether only this machine can reach a listener on `host`. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.') || host.startsWith('::ffff:127.');
}
