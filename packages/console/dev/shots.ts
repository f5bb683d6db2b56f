/**
 * Pictures of every page of the built console over development data: `node dev/shots.ts FOLDER [PAGE...]`. Prints what
 * the browser's console complained about, content security violations above all, and exits 1 on any.
 */
import { mkdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { chromium } from 'playwright-core';
import { devices, incidents, rules } from './data.ts';
import { startFixture } from './server.ts';

const [folder = 'screenshots', ...only] = process.argv.slice(2);
const pages: Record<string, string> = {
  overview: '/',
  wall: '/?wall=1',
  incidents: '/incidents?state=all',
  incident: `/incidents/${incidents[0]!.id}`,
  contained: `/incidents/${incidents[1]!.id}`,
  detections: '/detections',
  rules: '/rules',
  coverage: '/rules?view=map',
  packs: '/rules?view=packs',
  rule: `/rules/${rules.phase.id}`,
  hunts: '/hunts',
  devices: '/devices',
  device: `/devices/${devices.find((one) => one.quarantined)!.id}`,
  certificates: '/certificates',
  forecast: '/certificates?view=forecast',
  authorities: '/certificates?view=authorities',
  enrol: '/enrol',
  logs: '/logs?range=1h',
  badquery: '/logs?q=user.name%3A%28%28&range=1h',
  findings: '/findings',
  components: '/findings?view=component',
  advisories: '/findings?view=advisory',
  owners: '/findings?view=owner',
  waivers: '/findings?view=waivers',
  gate: '/findings?view=gate',
  found: '/findings/list?owner=Trung+t%C3%A2m+CNTT',
  system: '/findings/systems/cong-dich-vu-cong',
  ways: `/findings/systems/cong-dich-vu-cong?component=${encodeURIComponent('pkg:npm/minimist@1.2.5')}`,
  advisory: '/findings/advisories/GHSA-xvch-5gv4-984h',
  sources: '/sources',
  decisions: '/decisions',
  policies: '/policies?open=quarantined-device',
  try: '/policies?view=try',
  blast: '/policies?view=blast&type=Device&id=cam-dong-ba-03&what=quarantine',
  without: '/policies?view=blast&type=Policy&id=quarantined-device&what=without&value=24',
  audit: '/audit',
  backups: '/backups',
};
const looks = [
  { width: 1440, height: 900, theme: 'dark', language: 'vi' },
  { width: 1440, height: 900, theme: 'light', language: 'vi' },
  { width: 390, height: 844, theme: 'light', language: 'vi' },
  { width: 390, height: 844, theme: 'dark', language: 'en' },
  { width: 1440, height: 900, theme: 'light', language: 'en' },
] as const;

await mkdir(folder, { recursive: true });
const server = await startFixture(0);
const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
const complaints: string[] = [];
const wanted = process.env['LOOKS'] ? looks.slice(0, Number(process.env['LOOKS'])) : looks;
for (const look of wanted) {
  const context = await browser.newContext({
    viewport: { width: look.width, height: look.height },
    deviceScaleFactor: 1,
  });
  await context.addInitScript(
    ([theme, language]) => {
      localStorage.setItem('kydai.theme', theme!);
      localStorage.setItem('kydai.language', language!);
    },
    [look.theme, look.language],
  );
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error' && !page.url().includes('%28%28'))
      complaints.push(`${page.url()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`${page.url()}: ${error.message}`));
  for (const [name, path] of Object.entries(pages)) {
    if (only.length > 0 && !only.includes(name)) continue;
    await page.goto(base + path);
    await page.waitForSelector('h1');
    await page.waitForTimeout(350);
    const { wide, tall } = await page.evaluate(() => {
      const { scrollWidth, clientWidth, scrollHeight } = document.documentElement;
      return { wide: scrollWidth - clientWidth, tall: scrollHeight };
    });
    if (wide > 0) complaints.push(`${name} at ${look.width}: ${wide} px too wide`);
    await page.screenshot({
      path: `${folder}/${name}-${look.width}-${look.theme}-${look.language}.png`,
      fullPage: true,
      // Long lists are alike further down, and a picture that is looked at must not be too small.
      clip: { x: 0, y: 0, width: look.width, height: Math.min(tall, 2 * look.height) },
    });
  }
  await context.close();
}
await browser.close();
server.closeAllConnections();
server.close();
for (const line of new Set(complaints)) console.log(line);
process.exitCode = complaints.length > 0 ? 1 : 0;
