/**
 * The fixture API: the console's HTTP API over development data, in memory, for working on the pages and for pictures
 * of them. It serves `dist` under the same content security policy as the product. It is not Kỳ Đài and proves nothing
 * about it. `KYDAI_FIXTURE=empty` starts with a new and empty city, `signed-out` without a session.
 * One file on purpose: the whole API at a glance.
 */
import { readFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { consoleFolder } from '../src/folder.ts';
import { api } from './answers.ts';
import { sources } from './data.ts';
import { decision, decisions } from './events.ts';
import { json, problem, publish, streams } from './http.ts';

const policy =
  "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'";
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.woff': 'font/woff',
};

async function file(response: ServerResponse, path: string): Promise<void> {
  const wanted = normalize(path).replace(/^(\.\.[/\\])+/, '');
  const name = extname(wanted) ? wanted : '/index.html';
  try {
    const body = await readFile(join(consoleFolder, name));
    response.writeHead(200, {
      'content-type': types[extname(name)] ?? 'application/octet-stream',
      'content-security-policy': policy,
    });
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
}

/** Starts the fixture server on loopback; port 0 takes a free one. */
export function startFixture(port: number): Promise<Server> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    if (url.pathname === '/sign-in/methods')
      return json(response, { local: true, oidc: { name: 'Tài khoản cán bộ Huế' } });
    const answer = url.pathname.startsWith('/api/')
      ? api(request, response, url)
      : file(response, url.pathname);
    answer.catch((error: unknown) => problem(response, 500, 'fixture', String(error)));
  });
  const pulse = setInterval(() => {
    for (const source of sources.slice(0, 4)) {
      Object.assign(source, {
        received: source.received + 240,
        kept: source.kept + 240,
        lastSeen: Date.now(),
      });
      publish({ type: 'ledger', ledger: source });
    }
    decisions.unshift(decision(Date.now()));
    decisions.length = Math.min(decisions.length, 200);
    publish({ type: 'decision' });
    for (const stream of streams) stream.write('event: beat\ndata: {}\n\n');
  }, 4000);
  server.on('close', () => clearInterval(pulse));
  return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(server)));
}
