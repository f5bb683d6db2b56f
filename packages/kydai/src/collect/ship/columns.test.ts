import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNormaliser } from '@kydai/siem';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { syslogMessageOf } from './documents.ts';
import { Positions } from './positions.ts';
import { ship } from './ship.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kydai-ship-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const header =
  '#Software: Microsoft Internet Information Services 10.0\r\n#Fields: date time c-ip sc-status\r\n';
const other =
  '#Software: Microsoft Internet Information Services 10.0\r\n#Fields: date time sc-status c-ip\r\n';
const stamp = '2026-11-21 13:26:00';

/** Ships what is there, with a state of its own or none, and reads it as a collector that knows nothing does. */
async function shipped(file: string, state: string) {
  const positions = await Positions.open(state);
  const events: string[] = [];
  await ship({
    files: [file],
    journal: false,
    once: true,
    positions,
    signal: new AbortController().signal,
    async send(parcels) {
      for (const parcel of parcels) {
        const http = createNormaliser().document(parcel.fields, 0);
        const syslog = createNormaliser().line(syslogMessageOf(parcel), 0);
        expect(syslog).toMatchObject({ dataset: http.dataset, parsed: true });
        if (http.dataset !== 'log.header') events.push(String(http.fields.get('source.ip')));
        if (http.dataset !== 'log.header')
          expect(syslog.fields.get('source.ip')).toBe(http.fields.get('source.ip'));
      }
      return { kept: parcels.length, refused: 0 };
    },
  });
  return events;
}

test('a line is read by the header before it in its file, after a restart in mid-file and after a rotation', async () => {
  const file = join(folder, 'u_ex.log');
  const state = join(folder, 'state.json');
  writeFileSync(file, `${header}${stamp} 10.0.0.1 200\r\n`);
  expect(await shipped(file, state)).toEqual(['10.0.0.1']);
  appendFileSync(file, `${stamp} 10.0.0.2 200\r\n${other}${stamp} 200 10.0.0.3\r\n`);
  expect(await shipped(file, state)).toEqual(['10.0.0.2', '10.0.0.3']);
  appendFileSync(file, `${stamp} 200 10.0.0.4\r\n`);
  expect(await shipped(file, state)).toEqual(['10.0.0.4']);
  appendFileSync(file, `${stamp} 200 10.0.0.5\r\n`);
  renameSync(file, `${file}.1`);
  writeFileSync(file, `${header}${stamp} 10.0.0.6 200\r\n`);
  expect(await shipped(file, state)).toEqual(['10.0.0.5', '10.0.0.6']);
});

test('killed between the lines of a header, it goes on within it', async () => {
  const file = join(folder, 'dns.log');
  const state = join(folder, 'dns.json');
  writeFileSync(file, '#separator \\x09\n#path\tdns\n#fields\tts\tuid\tid.orig_h\n');
  expect(await shipped(file, state)).toEqual([]);
  appendFileSync(file, '#types\ttime\tstring\taddr\n1795267560.0\tC1\t10.0.0.1\n');
  expect(await shipped(file, state)).toEqual(['10.0.0.1']);
});

test('a state that knows no header reads the beginning of the file', async () => {
  const file = join(folder, 'old.log');
  const state = join(folder, 'old.json');
  writeFileSync(file, `${header}${stamp} 10.0.0.1 200\r\n`);
  await shipped(file, state);
  const kept = JSON.parse(readFileSync(state, 'utf8'));
  for (const position of Object.values<{ header?: string }>(kept.files)) delete position.header;
  writeFileSync(state, JSON.stringify(kept));
  appendFileSync(file, `${stamp} 10.0.0.2 200\r\n`);
  expect(await shipped(file, state)).toEqual(['10.0.0.2']);
});
