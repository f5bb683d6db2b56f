import type { Draft } from '../fields.ts';
import type { Relayed } from '../json/relayed.ts';
import type { ReaderContext } from '../programs/programs.ts';
import { applyHeader } from '../syslog/apply.ts';
import type { SyslogHeader } from '../syslog/header.ts';
import { readDeviceLine, readDeviceMessage } from './network.ts';

/** Network equipment whose header is its own; `header` is put right. False where it is none. */
export function readDevice(
  draft: Draft,
  text: string,
  header: SyslogHeader,
  context: ReaderContext,
): boolean {
  const { received, zone } = context;
  const begin = text.charCodeAt(0) === 60 ? text.indexOf('>') + 1 : 0;
  const framed = header.messageId !== '' || text.startsWith('1 ', begin);
  const line = readDeviceLine(framed ? header.message : text.slice(begin), received, zone);
  if (!line) return false;
  if (line.host !== '') header.host = line.host;
  header.program = line.process;
  header.processId = line.processId;
  header.message = line.message;
  if (!framed || !Number.isNaN(line.time)) {
    header.time = line.time;
    header.zoneAssumed = line.zoneAssumed;
    header.yearGuessed = line.yearGuessed;
  }
  header.timeIsBroken = line.timeIsBroken;
  applyHeader(draft, header, received);
  if (line.relay !== '') draft.fields.add('observer.hostname', line.relay);
  draft.fields.add('message', line.message);
  if (line.clockDoubted) draft.timeFlag = 'clock';
  line.read(draft);
  return true;
}

/** A relay takes a sequence number for a program: what it parted is put together again. */
export function readRelayedDevice(inner: Draft, { program, message }: Relayed, context: ReaderContext): void {
  const { received, zone } = context;
  if (readDeviceMessage(inner, message, context) || !message.includes('%')) return;
  const line =
    readDeviceLine(`${program}: ${message}`, received, zone) ?? readDeviceLine(message, received, zone);
  if (!line) return;
  inner.fields.set('message', line.message);
  if (!Number.isNaN(line.time)) inner.happened(line.time, line.clockDoubted ? 'clock' : '');
  line.read(inner);
}
