import type { Draft } from '../fields.ts';
import type { ReaderContext } from '../programs/programs.ts';
import { readCiscoLine } from './cisco.ts';
import type { DeviceHeader } from './device-header.ts';
import { isFortigate, readFortigate } from './fortigate.ts';
import { isPanOs, readPanOs } from './pan-os.ts';
import { readIseMessage } from './tacacs.ts';
import { readVrpLine } from './vrp.ts';

/** A line of a device that writes a header of its own kind. */
export interface DeviceLine extends DeviceHeader {
  /** The device says itself that its clock is not right. */
  readonly clockDoubted: boolean;
  readonly message: string;
  /** Adds what the message says, and sets the dataset. */
  read(draft: Draft): void;
}

/** A line, without its priority, of network equipment with a header of its own; undefined where it is none. */
export function readDeviceLine(
  text: string,
  received: number,
  zone: ReaderContext['zone'],
): DeviceLine | undefined {
  const percent = text.indexOf('%');
  if (percent < 0) return undefined;
  return text.charCodeAt(percent + 1) === 37
    ? readVrpLine(text, received, zone)
    : readCiscoLine(text, received, zone);
}

/** A message of equipment that names no program: FortiGate's, PAN-OS's, ISE's. False where it is none of them. */
export function readDeviceMessage(draft: Draft, message: string, { zone }: ReaderContext): boolean {
  if (isFortigate(message)) readFortigate(draft, message, zone);
  else if (isPanOs(message)) readPanOs(draft, message, zone);
  else return message.startsWith('CISE_') && readIseMessage(draft, message);
  return true;
}
