import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { ShellError } from '../../error.ts';

/** One entry of the journal, as the fields of an event. */
export interface JournalEntry {
  readonly fields: Readonly<Record<string, string>>;
  readonly cursor: string;
}

/** Entries, and the cursor that is right once they are acknowledged. */
export interface JournalEntries {
  readonly entries: readonly JournalEntry[];
  readonly cursor: string;
}

const mostEntries = 500;

/**
 * Follows the journal of systemd by `journalctl`, from after a cursor. Each entry becomes a syslog line, so that the
 * parsers for sshd, sudo and the rest read it as ever.
 */
export async function* followJournal(options: {
  readonly after?: string | undefined;
  /** Ends at the end of the journal instead of waiting for more. */
  readonly once: boolean;
  /** A folder with journal files, instead of the system's journal. */
  readonly folder?: string | undefined;
  readonly signal: AbortSignal;
  /** Told what journalctl said where it had no entry, such as that no journal is there. */
  readonly onNote?: (note: string) => void;
}): AsyncGenerator<JournalEntries> {
  const { after, once, folder, signal, onNote } = options;
  const child = spawn(
    'journalctl',
    [
      '--output=json',
      '--no-pager',
      ...(once ? [] : ['--follow', '--no-tail']),
      ...(folder === undefined ? [] : [`--directory=${folder}`]),
      ...(after === undefined ? [] : [`--after-cursor=${after}`]),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], signal },
  );
  let said = '';
  child.stderr.on('data', (text: Buffer) => {
    said = (said + text.toString('utf8')).slice(0, 500);
  });
  const ended = new Promise<Error | undefined>((resolve) => {
    child.once('error', resolve);
    child.once('close', (code) =>
      resolve(code === 0 ? undefined : new Error(said.split('\n')[0] || `it ended with ${code}`)),
    );
  });
  let entries: JournalEntry[] = [];
  let cursor = '';
  for await (const line of createInterface({ input: child.stdout })) {
    const entry = readEntry(line);
    if (entry === undefined) continue;
    entries.push(entry);
    cursor = entry.cursor;
    // With more at hand a group is filled up; the last of what is there goes at once.
    if (entries.length < mostEntries && child.stdout.readableLength > 0) continue;
    yield { entries, cursor };
    entries = [];
  }
  if (entries.length > 0) yield { entries, cursor };
  const failure = await ended;
  if (signal.aborted) return;
  if (failure !== undefined) {
    const missing = (failure as NodeJS.ErrnoException).code === 'ENOENT';
    const words = missing ? 'it cannot be run here; is systemd installed?' : failure.message;
    throw new ShellError('usage', `journalctl: ${words}`, { cause: failure });
  }
  if (cursor === '' && said !== '') onNote?.(`journalctl: ${said.split('\n')[0]}`);
}

/** One line of `journalctl --output=json` as an event; undefined for what is no entry. */
export function readEntry(line: string): JournalEntry | undefined {
  let entry: Record<string, unknown>;
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null) return undefined;
    entry = value as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const text = (name: string) => asText(entry[name]);
  const cursor = text('__CURSOR');
  if (cursor === '') return undefined;
  const facility = Number(text('SYSLOG_FACILITY') || 3);
  const severity = Number(text('PRIORITY') || 6);
  const time = new Date(Number(text('__REALTIME_TIMESTAMP') || Number.NaN) / 1000);
  const stamp = Number.isNaN(time.getTime()) ? '-' : time.toISOString();
  const word = (value: string) => value.replace(/[^\x21-\x7e]/g, '_').slice(0, 48) || '-';
  const program = word(text('SYSLOG_IDENTIFIER') || text('_COMM'));
  const head = `<${(facility & 31) * 8 + (severity & 7)}>1 ${stamp} ${word(text('_HOSTNAME'))} ${program} ${word(text('_PID'))} - -`;
  const fields = {
    message: `${head} ${text('MESSAGE')}`,
    'agent.type': 'kydai-ship',
    ...(text('_SYSTEMD_UNIT') === '' ? {} : { 'systemd.unit': text('_SYSTEMD_UNIT') }),
  };
  return { fields, cursor };
}

/** The journal gives text as a string, bytes that are none as a list of numbers, and repeated fields as a list. */
function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return '';
  return value.every((each) => typeof each === 'number')
    ? Buffer.from(value as number[]).toString('utf8')
    : asText(value[0]);
}
