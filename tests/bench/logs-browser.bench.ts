import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openLake } from '@kydai/store';
import { openBrowser } from '../browser/browser.ts';
import { startProgram, temporaryFolder } from '../program.ts';
import { ingest, needle, readTemplates, start } from './lake/events.ts';
import { short, timed } from './lake/queries.ts';
import type { Figure } from './run.ts';

/**
 * The log explorer of the console in a real browser, over a lake of `KYDAI_BENCH_EVENTS` (10,000,000): how long an
 * analyst waits, and what the page holds after scrolling far. `KYDAI_BENCH_LAKE` names a lake of the same events that
 * is there already. Needs the built console (`npm run build`).
 */
const total = Number(process.env['KYDAI_BENCH_EVENTS'] ?? 10_000_000);
const ready = process.env['KYDAI_BENCH_LAKE'];
const picture = process.env['KYDAI_BENCH_PICTURE'];
const scrolled = 3_000;

export async function run(emit: (figure: Figure) => void): Promise<void> {
  const folder = temporaryFolder();
  const lakeFolder = join(folder, 'data/events');
  mkdirSync(lakeFolder, { recursive: true, mode: 0o700 });
  if (ready !== undefined) cpSync(ready, lakeFolder, { recursive: true });
  const lake = await openLake({ folder: lakeFolder, clock: { now: () => Date.now() } });
  if (ready === undefined) {
    await ingest(lake, await readTemplates(), total);
    await lake.compact();
  }
  const { events, newest = start } = await lake.stats();
  await lake.close();

  // The program knows its own variables only.
  for (const name of Object.keys(process.env)) if (name.startsWith('KYDAI_BENCH_')) delete process.env[name];
  const program = await startProgram({ folder });
  const browser = await openBrowser();
  const size = short(events);
  const tell = (name: string, value: number, unit = 'ms') =>
    emit({ name: `logs-browser.${name}.${size}`, value, unit });
  try {
    const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
    await page.goto(program.signInLink());
    const span = `from=${new Date(start).toISOString()}&to=${new Date(newest + 1).toISOString()}`;
    const address = (q: string) => `${program.addresses.http}/logs?${span}&q=${encodeURIComponent(q)}`;
    const rows = page.locator('table.events tbody tr[aria-rowindex]');
    const open = async (q: string, bars = true) => {
      await page.goto(address(q));
      await rows.first().waitFor();
      if (bars) await page.locator('.logs-histogram').waitFor();
    };
    tell('open', await timed(() => open('')));
    tell('needle', await timed(() => open(`"${needle}"`)));
    tell('failed-root', await timed(() => open('process.name:sshd and user.name:root')));

    await open('');
    const field = page.locator('.field-name', { hasText: 'source.port' });
    tell(
      'field-statistics',
      await timed(async () => {
        await field.first().click();
        await page.locator('.field-spread').waitFor({ timeout: 60_000 });
      }),
    );
    await page.mouse.move(900, 600);
    const table = page.locator('table.events');
    const loaded = async () => Number(await table.getAttribute('aria-rowcount')) - 1;
    const scrolling = await timed(async () => {
      const end = Date.now() + 60_000;
      while ((await loaded()) < scrolled) {
        if (Date.now() > end) throw new Error(`only ${await loaded()} rows came by scrolling`);
        await page.mouse.wheel(0, 6_000);
        await page.waitForTimeout(20);
      }
    });
    tell('scroll', scrolling / (scrolled / 100));
    await page.waitForTimeout(300);
    tell('rows-in-page', await rows.count(), 'rows');
    const heap = await page.evaluate('performance.memory.usedJSHeapSize');
    tell('heap', Number(heap) / 1e6, 'MB');
    // A row opens, far down, without delay.
    const last = rows.last().locator('button').first();
    tell(
      'row-detail',
      await timed(async () => {
        await last.click();
        await page.locator('.event-detail').waitFor();
      }),
    );
    if (picture !== undefined) await page.screenshot({ path: picture });
  } finally {
    await browser.close();
    await program.stop();
  }
}
