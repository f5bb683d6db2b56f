import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { osvMirror } from '../commands/choices.ts';
import { openAdvisories } from '../database/open.ts';
import { osv, temporaryFolder } from '../testing.ts';
import { updateAdvisories } from './update.ts';

const clock = { now: () => Date.UTC(2026, 10, 21) };
const range = [{ introduced: '0' }, { fixed: '1.0.0' }];

/** Made by a library of its own, so that our reader meets another's writer. */
function zip(path: string, records: readonly Record<string, unknown>[]): Buffer {
  mkdirSync(join(path, '..'), { recursive: true });
  const members = records.map((record) => [`${record['id']}.json`, strToU8(JSON.stringify(record))] as const);
  const archive = Buffer.from(zipSync(Object.fromEntries(members)));
  writeFileSync(path, archive);
  return archive;
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A mirror as a web server is one: validators, conditions and ranges. `before` may answer first. */
async function withMirror<T>(
  files: Map<string, Buffer>,
  use: (base: string, asked: string[], before: { answer?: Answer | undefined }) => Promise<T>,
): Promise<T> {
  const asked: string[] = [];
  const before: { answer?: Answer | undefined } = {};
  const server = createServer((request, response) => {
    const { range: wanted, 'if-none-match': known, 'if-range': same } = request.headers;
    asked.push(`${request.url}${wanted === undefined ? '' : ` ${wanted}`}`);
    if (before.answer !== undefined) return before.answer(request, response);
    const body = files.get(decodeURIComponent(request.url!));
    if (body === undefined) return void response.writeHead(404).end();
    const etag = `"${body.length}-${body.readUInt32LE(14)}"`;
    if (known === etag) return void response.writeHead(304).end();
    const from = Number(/^bytes=(\d+)-$/.exec(wanted ?? '')?.[1] ?? -1);
    if (from >= 0 && same === etag) {
      const rest = body.subarray(from);
      response.writeHead(206, {
        etag,
        'content-length': rest.length,
        'content-range': `bytes ${from}-${body.length - 1}/${body.length}`,
      });
      return void response.end(rest);
    }
    response.writeHead(200, { etag, 'content-length': body.length }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, before);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

function stage() {
  const folder = temporaryFolder();
  const npm = zip(join(folder.path, 'made/npm/all.zip'), [
    osv('A-1', 'one', range, { aliases: ['CVE-2026-1'] }),
  ]);
  const go = zip(join(folder.path, 'made/Go/all.zip'), [osv('A-2', 'two', range, { ecosystem: 'Go' })]);
  const epss = Buffer.from('cve,epss,percentile\nCVE-2026-1,0.42,0.9\n');
  const files = new Map([
    ['/npm/all.zip', npm],
    ['/Go/all.zip', go],
    ['/epss.csv', epss],
  ]);
  const options = {
    folder: join(folder.path, 'mirror'),
    output: join(folder.path, 'a.db'),
    clock,
    ecosystems: ['npm', 'Go'],
    limits: { pauseMs: 1, attempts: 3, stallMs: 2000 },
  };
  return { folder, files, options, npm };
}

describe('updating from a server', () => {
  it('fetches the archive of each ecosystem and further files, and imports them', async () => {
    const { folder, files, options } = stage();
    using _ = folder;
    await withMirror(files, async (from, asked) => {
      const summary = await updateAdvisories({ ...options, from: `${from}/`, also: [`${from}/epss.csv`] });
      expect(summary).toMatchObject({
        advisories: 2,
        scored: 1,
        fetched: { npm: 'complete', Go: 'complete' },
      });
      expect(asked).toEqual(['/npm/all.zip', '/Go/all.zip', '/epss.csv']);
    });
    const database = openAdvisories(options.output);
    expect(database.info.imported).toBe(clock.now());
    expect(database.byId('CVE-2026-1')[0]?.epss).toBe(0.42);
    database.close();
  });

  it('does not fetch again what has not changed', async () => {
    const { folder, files, options } = stage();
    using _ = folder;
    await withMirror(files, async (from) => {
      await updateAdvisories({ ...options, from });
      zip(join(folder.path, 'made/npm/all.zip'), [osv('A-1', 'one', range), osv('A-3', 'three', range)]);
      files.set('/npm/all.zip', readFileSync(join(folder.path, 'made/npm/all.zip')));
      const second = await updateAdvisories({ ...options, from });
      expect(second).toMatchObject({ advisories: 3, fetched: { npm: 'complete', Go: 'unchanged' } });
    });
  });

  it('goes on where the connection broke off', async () => {
    const { folder, files, options, npm } = stage();
    using _ = folder;
    await withMirror(files, async (from, asked, before) => {
      before.answer = (request, response) => {
        before.answer = undefined;
        const etag = `"${npm.length}-${npm.readUInt32LE(14)}"`;
        response.writeHead(200, { etag, 'content-length': npm.length });
        response.write(npm.subarray(0, 100), () => setTimeout(() => request.socket.destroy(), 50));
      };
      const summary = await updateAdvisories({ ...options, from });
      expect(summary.fetched).toEqual({ npm: 'resumed', Go: 'complete' });
      expect(asked).toContain('/npm/all.zip bytes=100-');
    });
  });

  it('never joins parts of two different files', async () => {
    const { folder, files, options, npm } = stage();
    using _ = folder;
    await withMirror(files, async (from, _asked, before) => {
      before.answer = (request, response) => {
        before.answer = undefined;
        response.writeHead(200, { etag: '"an older one"', 'content-length': npm.length });
        response.write(Buffer.alloc(100, 7), () => setTimeout(() => request.socket.destroy(), 50));
      };
      expect((await updateAdvisories({ ...options, from })).fetched).toMatchObject({ npm: 'complete' });
    });
  });

  it('keeps the old database when anything is missing, refused, cut or no archive', async () => {
    const { folder, files, options } = stage();
    using _ = folder;
    await withMirror(files, async (from, _asked, before) => {
      await updateAdvisories({ ...options, from });
      const old = readFileSync(options.output);
      const refused = updateAdvisories({ ...options, from, ecosystems: ['npm', 'Nowhere'] });
      await expect(refused).rejects.toMatchObject({ code: 'mirror' });
      before.answer = (_request, response) => void response.writeHead(503).end();
      await expect(updateAdvisories({ ...options, from })).rejects.toMatchObject({ code: 'mirror' });
      before.answer = undefined;
      files.set('/npm/all.zip', Buffer.from('<html>please sign in to the hotel network</html>'));
      await expect(updateAdvisories({ ...options, from })).rejects.toMatchObject({ code: 'invalid-archive' });
      expect(readFileSync(options.output).equals(old)).toBe(true);
      expect(existsSync(join(options.folder, 'npm.zip.stamp'))).toBe(false);
    });
  });

  it('gives up a server that falls silent, and one that never ends', async () => {
    const { folder, files, options } = stage();
    using _ = folder;
    await withMirror(files, async (from, _asked, before) => {
      before.answer = (_request, response) => void response.writeHead(200).write('PK');
      const limits = { attempts: 1, stallMs: 100, pauseMs: 1 };
      await expect(updateAdvisories({ ...options, from, limits })).rejects.toMatchObject({ code: 'mirror' });
      before.answer = (_request, response) => {
        const pour = () => {
          while (response.write(Buffer.alloc(65_536)));
          response.once('drain', pour);
        };
        pour();
      };
      const bounded = { ...limits, stallMs: 2000, bytes: 1_000_000 };
      await expect(updateAdvisories({ ...options, from, limits: bounded })).rejects.toMatchObject({
        code: 'too-large',
      });
    });
  });
});

describe('updating from a stick', () => {
  it('takes every ecosystem of the folder, and is as old as the newest file there', async () => {
    const { folder, options } = stage();
    using _ = folder;
    const made = join(folder.path, 'made');
    const copied = new Date('2026-09-01T00:00:00Z');
    for (const name of ['npm', 'Go']) utimesSync(join(made, name, 'all.zip'), copied, copied);
    const { ecosystems: __, ...all } = options;
    for (const from of [made, pathToFileURL(made).href]) {
      const summary = await updateAdvisories({ ...all, from });
      expect(summary).toMatchObject({ advisories: 2, fetched: { npm: 'local', Go: 'local' } });
      const database = openAdvisories(options.output);
      expect(database.info.imported).toBe(copied.getTime());
      database.close();
    }
  });

  it('takes what is exploited and what is likely to be, where they lie beside it', async () => {
    const { folder, options } = stage();
    using _ = folder;
    const made = join(folder.path, 'made');
    writeFileSync(
      join(made, 'known_exploited_vulnerabilities.json'),
      JSON.stringify({ catalogVersion: '1', vulnerabilities: [{ cveID: 'CVE-2026-1' }] }),
    );
    writeFileSync(join(made, 'epss_scores-2026-09-01.csv'), 'cve,epss,percentile\nCVE-2026-1,0.42,0.9\n');
    writeFileSync(join(made, 'notes.json'), '{}');
    expect(await updateAdvisories({ ...options, from: made })).toMatchObject({
      knownExploited: 1,
      scored: 1,
      skipped: 0,
    });
    expect(await updateAdvisories({ ...options, from: made, also: [] })).toMatchObject({
      knownExploited: 0,
      scored: 0,
    });
  });

  it('asks CISA and FIRST where the mirror is OSV’s own', async () => {
    const { folder, files, options } = stage();
    using _ = folder;
    const asked: string[] = [];
    const refuse = ((url: string) => {
      asked.push(String(url));
      const known = [...files].find(([path]) => String(url).endsWith(path));
      return Promise.resolve(
        known === undefined ? new Response('', { status: 404 }) : new Response(known[1]),
      );
    }) as typeof fetch;
    await expect(updateAdvisories({ ...options, from: osvMirror, fetch: refuse })).rejects.toMatchObject({
      code: 'mirror',
    });
    expect(asked.some((url) => url.startsWith('https://www.cisa.gov/'))).toBe(true);
    expect(existsSync(options.output)).toBe(false);
  });

  it('says so where it is not mounted, empty, or lacks an ecosystem', async () => {
    const { folder, options } = stage();
    using _ = folder;
    const empty = join(folder.path, 'empty');
    mkdirSync(empty);
    writeFileSync(join(empty, 'all.zip'), '');
    const { ecosystems: __, ...all } = options;
    for (const given of [
      { ...all, from: join(folder.path, 'nowhere') },
      { ...all, from: empty },
      { ...options, from: join(folder.path, 'made'), ecosystems: ['PyPI'] },
      { ...all, from: 'file://elsewhere/x' },
    ]) {
      await expect(updateAdvisories(given)).rejects.toMatchObject({ code: 'not-found' });
    }
  });
});
