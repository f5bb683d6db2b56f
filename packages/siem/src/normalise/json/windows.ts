import type { FieldValue } from '@kydai/contracts';

/**
 * Windows events as JSON: the XML tree (`Event.System`, `Event.EventData`), Winlogbeat's documents, OpenTelemetry's log
 * records, or the flat form of NXLog. All become the names that Windows itself uses and that detection rules are written in (`Channel`,
 * `EventID`, `Image`), and the ECS names that people search by are added.
 */
export function isWindows(fields: ReadonlyMap<string, FieldValue>): boolean {
  return (
    fields.has('Event.System.EventID') ||
    fields.has('Event.System.EventID.#text') ||
    fields.has('winlog.event_id') ||
    fields.has('winlog.channel') ||
    (fields.has('event_id.id') && fields.has('channel')) ||
    (fields.has('EventID') &&
      (fields.has('Channel') || fields.has('ProviderName') || fields.has('Provider_Name')))
  );
}

const system: Readonly<Record<string, string>> = {
  'EventID.#text': 'EventID',
  'Provider.#attributes.Name': 'Provider_Name',
  'Provider.@Name': 'Provider_Name',
  'Provider.Name': 'Provider_Name',
  'Execution.#attributes.ProcessID': 'Execution_ProcessID',
  'Execution.#attributes.ThreadID': 'Execution_ThreadID',
  'Security.#attributes.UserID': 'Security_UserID',
  'Security.@UserID': 'Security_UserID',
  'TimeCreated.#attributes.SystemTime': '@timestamp',
  'TimeCreated.@SystemTime': '@timestamp',
  'TimeCreated.SystemTime': '@timestamp',
};

const winlogbeat: Readonly<Record<string, string>> = {
  event_id: 'EventID',
  channel: 'Channel',
  provider_name: 'Provider_Name',
  computer_name: 'Computer',
  record_id: 'EventRecordID',
  task: 'Task',
  opcode: 'Opcode',
};

/** The body of a log record of OpenTelemetry's receiver of Windows events. */
const openTelemetry: Readonly<Record<string, string>> = {
  'event_id.id': 'EventID',
  channel: 'Channel',
  computer: 'Computer',
  'provider.name': 'Provider_Name',
  record_id: 'EventRecordID',
  system_time: '@timestamp',
};

const flat: Readonly<Record<string, string>> = {
  ProviderName: 'Provider_Name',
  SourceName: 'Provider_Name',
  Hostname: 'Computer',
  EventTime: '@timestamp',
};

const common: Readonly<Record<string, string>> = {
  EventID: 'event.code',
  Provider_Name: 'event.provider',
  Computer: 'host.name',
  Image: 'process.executable',
  NewProcessName: 'process.executable',
  CommandLine: 'process.command_line',
  ParentImage: 'process.parent.executable',
  ParentCommandLine: 'process.parent.command_line',
  ProcessId: 'process.pid',
  TargetFilename: 'file.path',
  TargetObject: 'registry.path',
  User: 'user.name',
  TargetUserName: 'user.name',
  SubjectUserName: 'user.name',
  IpAddress: 'source.ip',
  IpPort: 'source.port',
  SourceIp: 'source.ip',
  DestinationIp: 'destination.ip',
  DestinationPort: 'destination.port',
  QueryName: 'dns.question.name',
};

/** Names that were rewritten before: there are few, and they come with every event. Bounded against invented ones. */
const treeNames = new Map<string, string>();
const flatNames = new Map<string, string>();
const maximumNames = 10_000;

/** Rewrites the names; a field that is not known keeps its own. */
export function renameWindows(fields: ReadonlyMap<string, FieldValue>): Map<string, FieldValue> {
  const renamed = new Map<string, FieldValue>();
  const isFlat = fields.has('EventID');
  if (fields.has('event_id.id')) return withCommon(fromOpenTelemetry(fields));
  const known = isFlat ? flatNames : treeNames;
  for (const [name, value] of fields) {
    let to = known.get(name);
    if (to === undefined) {
      to = windowsName(name, isFlat);
      if (known.size < maximumNames) known.set(name, to);
    }
    renamed.set(to, value);
  }
  return withCommon(renamed);
}

function fromOpenTelemetry(fields: ReadonlyMap<string, FieldValue>): Map<string, FieldValue> {
  const renamed = new Map<string, FieldValue>();
  for (const [name, value] of fields) {
    // A list with one object a datum, or one object.
    const datum = /^(?:event_data|user_data)\.(?:data\.)?(.+)$/.exec(name)?.[1];
    const to = datum ?? (Object.hasOwn(openTelemetry, name) ? openTelemetry[name]! : name);
    const one =
      datum !== undefined && Array.isArray(value) && value.length === 1 ? (value[0] as string) : value;
    if (to === '@timestamp' || !renamed.has(to)) renamed.set(to, one);
  }
  return renamed;
}

function withCommon(renamed: Map<string, FieldValue>): Map<string, FieldValue> {
  for (const from in common) {
    const value = renamed.get(from);
    const to = common[from]!;
    if (value === undefined || value === null || value === '' || value === '-' || renamed.has(to)) continue;
    renamed.set(to, to === 'event.code' ? String(value) : value);
  }
  return renamed;
}

function windowsName(name: string, isFlat: boolean): string {
  if (name.startsWith('Event.System.')) {
    const key = name.slice(13);
    return Object.hasOwn(system, key) ? system[key]! : key;
  }
  if (name.startsWith('Event.EventData.')) return name.slice(16).replace(/^Data\.(?=[A-Za-z])/, '');
  // The data of UserData stands in one element more, whose name varies.
  if (name.startsWith('Event.UserData.')) return name.slice(15).replace(/^[^.]+\./, '');
  if (name.startsWith('winlog.event_data.')) return name.slice(18);
  if (name.startsWith('winlog.user_data.')) return name.slice(17);
  if (name.startsWith('winlog.')) {
    const key = name.slice(7);
    return Object.hasOwn(winlogbeat, key) ? winlogbeat[key]! : name;
  }
  return isFlat && Object.hasOwn(flat, name) ? flat[name]! : name;
}

type Plain = Readonly<Record<string, unknown>>;
const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
/** Where converters put the name of `<Data Name="X">v</Data>`, and its text; an empty element has none. */
const nameOf = ({ '#attributes': attributes, '@Name': at, Name, $ }: Plain): unknown =>
  [attributes, $]
    .map((from) => (isPlain(from) ? from['Name'] : undefined))
    .find((name) => name !== undefined) ??
  at ??
  Name;
const textOf = (element: Plain): unknown => element['#text'] ?? element['_'] ?? element['Value'] ?? '';

/**
 * The document with the data of a Windows event under their names. Flattened as they are, the names would make one
 * list, the texts another, and an element without text would take everything after it to a wrong name.
 */
export function nameData(document: object): object {
  const event = (document as Plain)['Event'];
  const data = isPlain(event) ? event['EventData'] : undefined;
  if (!isPlain(event) || !isPlain(data)) return document;
  const { Data, ...rest } = data;
  const elements = (Array.isArray(Data) ? Data : [Data]).slice(0, 512);
  const named = elements.flatMap((element) => {
    const name = isPlain(element) ? nameOf(element) : undefined;
    return typeof name === 'string' && name.length <= 128 ? [[name, textOf(element as Plain)] as const] : [];
  });
  if (named.length < elements.length || named.length === 0) return document;
  return { ...document, Event: { ...event, EventData: { ...rest, ...Object.fromEntries(named) } } };
}
