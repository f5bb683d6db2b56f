import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Browser, type LaunchOptions, chromium as playwright } from 'playwright-core';

const quiet = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
]; // biome-ignore format: a list

/**
 * A real Chromium: the one that `CHROMIUM_PATH` names, the machine's own, or else the one that comes with the package
 * `@sparticuz/chromium`, so that the tests need nothing but npm. `packaged` forces the last.
 */
export async function openBrowser(options: { readonly packaged?: boolean } = {}): Promise<Browser> {
  const places = [
    process.env['CHROMIUM_PATH'],
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
  ];
  const found = places.find((path) => path !== undefined && existsSync(path));
  if (found !== undefined && !options.packaged)
    return playwright.launch({ executablePath: found, args: quiet });
  const { default: packaged, inflate } = await import('@sparticuz/chromium');
  const launch: LaunchOptions = {
    executablePath: await packaged.executablePath(),
    args: [...packaged.args, ...quiet],
  };
  try {
    return await playwright.launch(launch);
  } catch {
    // A bare machine lacks libraries such as NSS: the package brings those too.
    const entry = createRequire(import.meta.url).resolve('@sparticuz/chromium');
    await inflate(join(dirname(entry), '../bin/al2023.tar.br'));
    const libraries = join(tmpdir(), 'al2023', 'lib');
    const environment = {
      ...process.env,
      LD_LIBRARY_PATH: libraries,
      FONTCONFIG_PATH: join(tmpdir(), 'fonts'),
    };
    return playwright.launch({ ...launch, env: environment as Record<string, string> });
  }
}
