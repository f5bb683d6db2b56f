import type { FieldValue } from '@kydai/contracts';

const started: ReadonlySet<unknown> = new Set(['executed', 'process_started', 'existing_process']);

/**
 * Auditbeat's documents carry no dataset that tells what they are: the auditd module puts all records of one event
 * together, the system module names its parts. A started process becomes what rules for process creation look at.
 */
export function readAuditbeat(
  fields: ReadonlyMap<string, FieldValue>,
): { dataset: string; fields: ReadonlyMap<string, FieldValue> } | undefined {
  const audited = fields.has('auditd.message_type') && fields.has('event.module');
  const system = fields.get('event.module') === 'system' && fields.get('event.dataset') === 'process';
  if (!audited && !system) return undefined;
  if (!started.has(fields.get('event.action')))
    return audited ? { dataset: 'auditd.log', fields } : undefined;
  const args = fields.get('process.args');
  const line = Array.isArray(args) ? args.join(' ') : (args ?? fields.get('process.title'));
  if (fields.has('process.command_line') || line === undefined) return { dataset: 'linux.process', fields };
  return { dataset: 'linux.process', fields: new Map(fields).set('process.command_line', line) };
}
