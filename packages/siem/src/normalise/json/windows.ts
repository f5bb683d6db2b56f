import type { FieldValue } from '@kydai/contracts';

/**
 * Windows events as JSON: the XML tree (`Event.System`, `Event.EventData`), Winlogbeat's documents, or the flat form
 * of NXLog. All become Winlogbeat's names (`winlog.channel`, `winlog.event_data.<Name>`) and the ECS fields that
 * people search by.
 */
export function isWindows(fields: ReadonlyMap<string, FieldValue>): boolean {
  return (
    fields.has('Event.System.EventID') ||
    fields.has('Event.System.EventID.#text') ||
    fields.has('winlog.event_id') ||
    fields.has('winlog.channel') ||
    (fields.has('EventID') && (fields.has('Channel') || fields.has('ProviderName')))
  );
}

const system: Readonly<Record<string, string>> = {
  EventID: 'winlog.event_id',
  'EventID.#text': 'winlog.event_id',
  Channel: 'winlog.channel',
  Computer: 'winlog.computer_name',
  EventRecordID: 'winlog.record_id',
  'Provider.#attributes.Name': 'winlog.provider_name',
  'Provider.@Name': 'winlog.provider_name',
  'Provider.Name': 'winlog.provider_name',
  Level: 'winlog.level',
  Task: 'winlog.task',
  Keywords: 'winlog.keywords',
  'Execution.#attributes.ProcessID': 'winlog.process.pid',
  'Security.#attributes.UserID': 'winlog.user.identifier',
  'TimeCreated.#attributes.SystemTime': '@timestamp',
  'TimeCreated.@SystemTime': '@timestamp',
  'TimeCreated.SystemTime': '@timestamp',
  ProviderName: 'winlog.provider_name',
  SourceName: 'winlog.provider_name',
  Hostname: 'winlog.computer_name',
};

/** Winlogbeat's event data to ECS. */
const common: Readonly<Record<string, string>> = {
  'winlog.event_data.Image': 'process.executable',
  'winlog.event_data.NewProcessName': 'process.executable',
  'winlog.event_data.CommandLine': 'process.command_line',
  'winlog.event_data.ParentImage': 'process.parent.executable',
  'winlog.event_data.ParentCommandLine': 'process.parent.command_line',
  'winlog.event_data.ProcessId': 'process.pid',
  'winlog.event_data.TargetFilename': 'file.path',
  'winlog.event_data.TargetObject': 'registry.path',
  'winlog.event_data.User': 'user.name',
  'winlog.event_data.TargetUserName': 'user.name',
  'winlog.event_data.SubjectUserName': 'user.name',
  'winlog.event_data.IpAddress': 'source.ip',
  'winlog.event_data.SourceIp': 'source.ip',
  'winlog.event_data.DestinationIp': 'destination.ip',
  'winlog.event_data.DestinationPort': 'destination.port',
  'winlog.event_data.QueryName': 'dns.question.name',
};

/** Rewrites the names; a field that is not known keeps its own. */
export function renameWindows(fields: ReadonlyMap<string, FieldValue>): Map<string, FieldValue> {
  const renamed = new Map<string, FieldValue>();
  const flat = fields.has('EventID');
  for (const [name, value] of fields) {
    if (name.startsWith('Event.System.')) {
      const key = name.slice(13);
      renamed.set(Object.hasOwn(system, key) ? system[key]! : `winlog.system.${key}`, value);
    } else if (name.startsWith('Event.EventData.')) {
      renamed.set(`winlog.event_data.${name.slice(16).replace(/^Data\./, '')}`, value);
    } else if (name.startsWith('Event.UserData.')) {
      renamed.set(`winlog.user_data.${name.slice(15)}`, value);
    } else if (flat && Object.hasOwn(system, name)) {
      renamed.set(system[name]!, value);
    } else if (flat && /^[A-Z]\w*$/.test(name)) {
      renamed.set(`winlog.event_data.${name}`, value);
    } else if (!name.startsWith('Event.#attributes')) {
      renamed.set(name, value);
    }
  }
  for (const from in common) {
    const value = renamed.get(from);
    if (value === undefined || value === '' || value === '-') continue;
    const to = common[from]!;
    if (!renamed.has(to)) renamed.set(to, value);
  }
  const id = renamed.get('winlog.event_id');
  if (id !== undefined && !renamed.has('event.code')) renamed.set('event.code', String(id));
  const computer = renamed.get('winlog.computer_name');
  if (computer !== undefined && !renamed.has('host.name')) renamed.set('host.name', computer);
  return renamed;
}
