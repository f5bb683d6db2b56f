import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startProgram } from '../program.ts';
import { openBrowser } from './browser.ts';

/**
 * `npm run screenshots [-- --out FOLDER] [--page /incidents]`: starts the program, plays both drills, and takes a
 * picture of each page at desktop and phone width, light and dark, in Vietnamese and English.
 */
const { values } = parseArgs({
  options: { out: { type: 'string' }, page: { type: 'string', multiple: true }, quick: { type: 'boolean' } },
});
const folder = values.out ?? join(import.meta.dirname, '../../screenshots');
mkdirSync(folder, { recursive: true });

const program = await startProgram();
const browser = await openBrowser();
await program.cli('drill', 'stolen-certificate');
await program.cli('drill', 'camera-botnet');
await fetch(`${program.addresses.collect}/events`, {
  method: 'POST',
  body: [1, 2, 3]
    .map(
      (value) =>
        `<134>1 ${new Date().toISOString()} light-7 controller - - - device=light-7 action=phase_change value=${value} scheduled=no user=unknown src=10.3.0.7`,
    )
    .map((message) => `${JSON.stringify({ message })}\n`)
    .join(''),
});

const signedIn = await browser.newContext();
await (await signedIn.newPage()).goto(program.signInLink());
const state = await signedIn.storageState();
const incidents = JSON.parse((await program.cli('incidents', '--all', '--json')).stdout) as {
  id: string;
  number: string;
}[];
const pages = values.page ?? [
  '/', '/incidents', ...incidents.slice(0, 2).map(({ id }) => `/incidents/${id}`), '/devices', '/certificates', '/enrol', '/logs',
  '/findings', '/detections', '/rules', '/rules?view=map', '/rules?view=packs', '/hunts', '/sources', '/decisions', '/policies', '/policies?view=cases', '/policies?view=try', '/policies?view=blast&type=User&id=operator&what=leave&value=administrator', '/audit', '/backups',
]; // biome-ignore format: a list

const sizes = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };
const languages = values.quick ? (['vi'] as const) : (['vi', 'en'] as const);
for (const [size, viewport] of Object.entries(sizes)) {
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const language of languages) {
      const context = await browser.newContext({ viewport, colorScheme, storageState: state });
      const page = await context.newPage();
      await page.addInitScript(`localStorage.setItem('kydai.language', ${JSON.stringify(language)})`);
      for (const path of pages) {
        await page.goto(program.addresses.http + path);
        await page.waitForSelector('main h1').catch(() => {});
        await page.waitForTimeout(600);
        const tall = await page.evaluate(() => document.documentElement.scrollHeight);
        const name =
          path === '/'
            ? 'overview'
            : path
                .slice(1)
                .replaceAll(/[/?=&]/g, '-')
                .slice(0, 24);
        await page.screenshot({
          path: join(folder, `${name}.${size}.${colorScheme}.${language}.png`),
          fullPage: true,
          // A list of thousands is alike further down, and a picture must be large enough to look at.
          clip: { x: 0, y: 0, width: viewport.width, height: Math.min(tall, 2 * viewport.height) },
        });
      }
      await context.close();
    }
  }
}
await browser.close();
await program.stop();
console.log(`pictures are in ${folder}`);
