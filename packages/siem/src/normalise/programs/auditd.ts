import type { Draft } from '../fields.ts';
import { addKeyed, type KeyTable, outcomeOf } from '../formats/extension.ts';
import { readPairs } from '../key-value.ts';

/** What of an audit record ECS has names for; every key is kept as `auditd.log.<key>` besides. */
const keys: KeyTable = {
  exe: 'process.executable',
  comm: 'process.name',
  pid: 'process.pid',
  ppid: 'process.parent.pid',
  cwd: 'process.working_directory',
  name: 'file.path',
  acct: 'user.name',
  addr: 'source.ip',
  hostname: 'source.domain',
  proctitle: 'process.command_line',
  op: 'event.action',
  // What auditd itself added under `log_format = ENRICHED`: the names of numbers.
  UID: 'user.name',
  AUID: 'user.audit.name',
  EUID: 'user.effective.name',
};

/** Fields that the kernel writes in hexadecimal when they hold a space, a quote or a control character. */
const encoded: ReadonlySet<string> = new Set([
  'comm',
  'exe',
  'cwd',
  'name',
  'proctitle',
  'acct',
  'cmd',
  'key',
  'data',
]);

/**
 * Reads a record of the Linux audit system: `type=SYSCALL msg=audit(1364481363.243:24287): key=value ...`, from
 * /var/log/audit/audit.log or the syslog plug-in. Messages of user space nest a second list in `msg='...'`. False,
 * with nothing changed, where it is none.
 */
export function readAuditRecord(draft: Draft, text: string): boolean {
  const type = text.indexOf('type=');
  const stamp = text.indexOf('msg=audit(', type);
  const end = text.indexOf('): ', stamp);
  if (type < 0 || stamp < 0 || end < 0 || type > 300 || stamp - type > 64) return false;
  const [time = '', serial = ''] = text.slice(stamp + 10, end).split(':');
  const seconds = Number(time);
  if (!Number.isFinite(seconds) || seconds <= 0) return false;
  const { fields } = draft;
  draft.dataset = 'auditd.log';
  draft.parsed = true;
  draft.happened(Math.round(seconds * 1000));
  const recordType = text.slice(type + 5, stamp).trim();
  fields.set('auditd.log.record_type', recordType);
  fields.set('auditd.log.sequence', Number(serial) || 0);
  if (type > 0) {
    const node = /^node=(\S+) /.exec(text);
    if (node) fields.offer('host.name', node[1]!);
  }
  // The names of an enriched record stand behind a group separator.
  const body = text.slice(end + 3).replaceAll('\u001d', ' ');
  const quote = body.indexOf("msg='");
  const close = quote < 0 ? -1 : body.lastIndexOf("'");
  const all =
    quote < 0 || close <= quote
      ? body
      : `${body.slice(0, quote)}${body.slice(quote + 5, close)} ${body.slice(close + 1)}`;
  const executed = recordType === 'EXECVE';
  const words = new Map<number, string>();
  readPairs(all, 0, (key, given) => {
    if (given === '' || given === '?' || given === '(null)') return;
    const argument = executed ? /^a(\d{1,6})(?:\[\d+\])?$/.exec(key) : null;
    const value = argument
      ? decoded(key, given, all)
      : encoded.has(key)
        ? decoded(key, given, all).trimEnd()
        : given;
    if (argument) {
      // An argument that is longer than a record comes in pieces: `a1[0]=... a1[1]=...`.
      const index = Number(argument[1]);
      words.set(index, (words.get(index) ?? '') + value);
      return;
    }
    fields.offer(`auditd.log.${key}`, value);
    if (Object.hasOwn(keys, key) && !(key === 'name' && value === '')) {
      if (key === 'comm' || key === 'acct') fields.set(keys[key]!, value);
      else addKeyed(fields, keys, 'auditd.log', key, value);
    }
    if (key === 'res' || key === 'success') {
      const outcome = value === '1' ? 'success' : value === '0' ? 'failure' : outcomeOf(value);
      if (outcome) fields.offer('event.outcome', outcome);
    }
  });
  for (const [index, word] of words) fields.offer(`auditd.log.a${index}`, word);
  if (words.size > 0) {
    fields.offer('process.args', [...words.values()]);
    fields.offer('process.command_line', [...words.values()].join(' '));
  }
  return true;
}

/** `a0` to `a3` of a SYSCALL record are numbers; only those of EXECVE are text. Hexadecimal text of an unquoted value, NULs (which part the arguments) as spaces; what is no such text stays. */
function decoded(key: string, value: string, text: string): string {
  if (!/^(?:[0-9A-F]{2})+$/.test(value) || text.includes(`${key}="${value}"`)) return value;
  return Buffer.from(value, 'hex').toString('utf8').replaceAll('\0', ' ');
}
