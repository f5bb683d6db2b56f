import { existsSync, readFileSync, statSync } from 'node:fs';
import { extname, join, normalize, sep } from 'node:path';
import type { MiddlewareHandler } from 'hono';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.woff': 'font/woff',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
};

/**
 * Serves the built console. Files under `assets/` carry their hash in the name and may be kept for ever; every path
 * without a file is the single page, which routes by itself.
 */
export function consoleFiles(folder: string): MiddlewareHandler {
  return async (c, next) => {
    if (!['GET', 'HEAD'].includes(c.req.method)) return next();
    const index = join(folder, 'index.html');
    if (!existsSync(index)) {
      return c.text('The console is not built yet. Run: npm run build\n', 503);
    }
    let path: string;
    try {
      path = normalize(join(folder, decodeURIComponent(c.req.path)));
    } catch {
      return next();
    }
    const inside = path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
    const file = inside && existsSync(path) && statSync(path).isFile() ? path : index;
    if (file === index && extname(c.req.path) !== '') return c.notFound();
    const immutable = file.includes(`${sep}assets${sep}`);
    return c.body(new Uint8Array(readFileSync(file)), 200, {
      'content-type': types[extname(file)] ?? 'application/octet-stream',
      'cache-control': immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    });
  };
}
