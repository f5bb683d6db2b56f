import axe from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Program, startProgram } from '../program.ts';
import { openBrowser } from './browser.ts';

describe('the console in a real browser', () => {
  let program: Program;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  const faults: string[] = [];

  beforeAll(async () => {
    [program, browser] = await Promise.all([startProgram(), openBrowser()]);
    context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'vi-VN' });
    page = await context.newPage();
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      // Without a session one hears 401, for a wrong query 400, for what is not there 404: no faults.
      if (message.type() === 'error' && !/status of 40[014]/.test(message.text()))
        faults.push(message.text());
    });
  }, 90_000);
  afterAll(async () => {
    await browser?.close();
    await program?.stop();
  });

  const go = async (path: string) => {
    await page.goto(program.addresses.http + path);
    await page.waitForSelector('main h1');
  };

  it('shows how to sign in to those who are not', async () => {
    await page.goto(program.addresses.http);
    await page.waitForSelector('text=/đăng nhập/i');
  });

  it('signs in by the printed link and opens on an overview in Vietnamese', async () => {
    await page.goto(program.signInLink());
    await page.waitForSelector('main h1');
    expect(await page.getAttribute('html', 'lang')).toBe('vi');
    await page.waitForSelector('main >> text=MTTD');
    await page.waitForSelector('main >> text=MTTC');
  });

  it('shows an attack live, without a reload: incident, run, containment', async () => {
    await page.evaluate(() => {
      (globalThis as { notReloaded?: boolean }).notReloaded = true;
    });
    const drill = program.cli('drill', 'stolen-certificate');
    await page.waitForSelector('main >> text=/INC-\\d{4}-0001/');
    expect((await drill).code).toBe(0);
    expect(await page.evaluate(() => (globalThis as { notReloaded?: boolean }).notReloaded)).toBe(true);
    await page.click('main >> text=/INC-\\d{4}-0001/');
    await page.waitForURL(/\/incidents\//);
    await page.waitForSelector('main h1');
    await page.waitForSelector('main >> text=/diễn tập/i');
    await page.waitForSelector('main >> text=/drill-camera-/');
  });

  it('finds log lines by a query, and explains a query that is wrong', async () => {
    await go('/logs?q=event.dataset%3Apki.tls');
    await page.waitForSelector('main >> text=/edge-south|handshake/');
    await go('/logs?q=source.ip%3A(');
    await page.waitForSelector('[role=alert]');
  });

  it('lists the device as quarantined and its certificate as revoked', async () => {
    await go('/devices');
    await page.waitForSelector('main >> text=/drill-camera-/');
    await go('/certificates');
    await page.waitForSelector('main >> text=/thu hồi/i');
  });

  it('verifies the audit log at the press of a button', async () => {
    await go('/audit');
    await page.click('main button:has-text("Kiểm tra")');
    await page.waitForSelector('main >> text=/nguyên vẹn|toàn vẹn/i');
  });

  it('speaks English when asked to, and remembers', async () => {
    await go('/');
    await page.click('button[aria-label="Hiển thị và tài khoản"]');
    await page.click('dialog >> text=English');
    await page.waitForFunction(() => document.documentElement.lang === 'en');
    await page.reload();
    await page.waitForSelector('main h1');
    expect(await page.getAttribute('html', 'lang')).toBe('en');
  });

  it('keeps the place in a long list on the way back', async () => {
    await go('/rules?order=title');
    await page.waitForSelector('main tbody tr:nth-child(40)');
    await page.evaluate(() => window.scrollTo(0, 1200));
    await page.waitForFunction(() => window.scrollY === 1200);
    await page.click('main tbody tr:nth-child(30) .row-link');
    await page.waitForURL(/\/rules\/./);
    await page.waitForSelector('main .cases');
    expect(await page.evaluate(() => window.scrollY)).toBe(0);
    await page.goBack();
    await page.waitForFunction(() => Math.abs(window.scrollY - 1200) < 4);
    expect(new URL(page.url()).search).toBe('?order=title');
  });

  it('is worked by keys: rows, search, pages, and a list of them all', async () => {
    await go('/rules');
    await page.waitForSelector('main tbody tr');
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.waitForSelector('main tbody tr:nth-child(2) .row-link:focus');
    await page.keyboard.press('/');
    await page.waitForSelector('main input[type=search]:focus');
    await page.keyboard.type('gj?');
    expect(await page.inputValue('main input[type=search]')).toBe('gj?');
    await page.keyboard.press('Escape');
    expect(await page.inputValue('main input[type=search]')).toBe('');
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await page.waitForSelector('dialog[open] kbd');
    await page.keyboard.press('Escape');
    await page.keyboard.press('g');
    await page.keyboard.press('d');
    await page.waitForURL(/\/devices$/);
  });

  it('orders a list by its headings, and the address says so', async () => {
    await go('/devices');
    await page.click('main th button:has-text("Risk")');
    await page.waitForURL(/order=-risk/);
    await page.waitForSelector('main th[aria-sort=descending]');
  });

  it('narrows and orders incidents, and the address brings the same list back', async () => {
    await go('/incidents');
    await page.selectOption('main select[aria-label="State"]', 'all');
    await page.waitForURL(/state=all/);
    await page.fill('main input[type=search]', 'drill-camera-');
    await page.waitForURL(/q=drill-camera-/);
    await page.selectOption('main select[aria-label="Handled by"]', '-');
    await page.click('main th button:has-text("Alerts")');
    await page.waitForURL(/order=-detections/);
    await page.waitForSelector('main th[aria-sort=descending]');
    expect(await page.locator('main tbody tr').count()).toBe(1);
    await page.reload();
    await page.waitForSelector('main tbody tr');
    expect(await page.inputValue('main input[type=search]')).toBe('drill-camera-');
    expect(await page.inputValue('main select[aria-label="Handled by"]')).toBe('-');
    await page.fill('main input[type=search]', 'no such thing');
    await page.waitForSelector('main .empty');
    await page.click('main .empty button');
    await page.waitForSelector('main tbody tr');
    await go('/detections');
    await page.click('main tbody .icon-link');
    await page.waitForURL(/\/incidents\?state=all&detection=/);
    await page.waitForSelector('main tbody >> text=/INC-/');
  });

  it('finds devices and certificates by a part of their name, and links to one certificate', async () => {
    await go('/devices?q=CAMERA-');
    await page.waitForSelector('main tbody >> text=/drill-camera-/');
    await go('/certificates?q=camera');
    await page.click('main tbody .row-link');
    await page.waitForURL(/certificate=[0-9a-f]{16}/);
    const address = page.url();
    await page.waitForSelector('dialog[open] >> text=/drill-camera-/');
    await page.keyboard.press('Escape');
    await page.waitForURL(/\/certificates\?q=camera$/);
    // On another page of the list, too, and after a reload.
    await page.goto(address.replace('q=camera', 'status=valid'));
    await page.waitForSelector('dialog[open] >> text=/drill-camera-/');
    await go('/certificates?certificate=00');
    await page.waitForSelector('dialog[open] [role=alert]');
    await page.keyboard.press('Escape');
    await page.waitForURL(/\/certificates$/);
  });

  it('shows what a line hides, and copies the line as it came', async () => {
    const line = 'light-7 cleared by \u202enimda\u202c for ad\u200bmin';
    const sent = await fetch(`${program.addresses.collect}/events`, {
      method: 'POST',
      body: `${JSON.stringify({ message: line })}\n`,
    });
    expect(sent.ok).toBe(true);
    await go('/logs?q=cleared&range=1h');
    await page.waitForSelector('main tbody .hidden-mark');
    const shown = await page.textContent('main tbody td.wide');
    expect(shown).toContain('by U+202EnimdaU+202C for adU+200Bmin');
    expect(shown).not.toMatch(/[\u200b\u202a-\u202e]/);
    expect(await page.getAttribute('main tbody .hidden-mark', 'title')).toBe('U+202E RIGHT-TO-LEFT OVERRIDE');
  });

  it('prints an incident on white paper, whatever the theme', async () => {
    await go('/incidents?state=all');
    await page.click('main tbody .row-link');
    await page.waitForURL(/\/incidents\/./);
    await page.waitForSelector('main .story');
    await page.evaluate(() => {
      document.documentElement.dataset['theme'] = 'dark';
    });
    const colours = () =>
      page.evaluate(() => {
        const { color } = getComputedStyle(document.querySelector('main h1')!);
        const rail = getComputedStyle(document.querySelector('.rail')!).display;
        return { color, rail, scheme: getComputedStyle(document.documentElement).colorScheme };
      });
    expect((await colours()).scheme).toBe('dark');
    await page.emulateMedia({ media: 'print' });
    expect(await colours()).toEqual({ color: 'rgb(0, 0, 0)', rail: 'none', scheme: 'light' });
    await page.emulateMedia({ media: 'screen' });
  });

  it('holds still for who wants no motion', async () => {
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await go('/');
    await page.waitForTimeout(300);
    const moving = await page.evaluate(
      () => document.getAnimations().filter(({ playState }) => playState === 'running').length,
    );
    expect(moving).toBe(0);
    await page.emulateMedia({ reducedMotion: 'no-preference' });
  });

  it.each([
    '/',
    '/incidents',
    '/devices',
    '/certificates',
    '/certificates?view=forecast',
    '/certificates?view=authorities',
    '/detections',
    '/rules',
    '/rules?view=map',
    '/rules?view=packs',
    '/rules/camera-reboot-loop',
    '/logs',
    '/hunts',
    '/hunts?rule=camera-reboot-loop',
    '/findings',
    '/sources',
    '/sources?source=internal%2Fdecisions',
    '/decisions',
    '/policies',
    '/policies?view=cases',
    '/policies?view=try',
    '/policies?view=blast&type=User&id=operator&what=leave&value=administrator',
    '/policies?view=blast&type=Policy&id=quarantined-gets-no-certificate&what=without&value=24',
    '/enrol',
    '/audit',
    '/backups',
  ])('%s has no accessibility fault, by day on a phone and by night on a desk', async (path) => {
    for (const [width, colorScheme] of [
      [375, 'light'],
      [1440, 'dark'],
    ] as const) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      await go(path);
      await page.waitForLoadState('networkidle').catch(() => {});
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      // Playwright evaluates in the page without loosening its content security policy.
      await page.evaluate(axe.source);
      const found = await page.evaluate(async () => {
        const { axe: checker } = globalThis as unknown as { axe: typeof axe };
        const { violations } = await checker.run(document, {
          runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
        });
        return violations.map(
          ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`,
        );
      });
      expect(found, `at ${width}`).toEqual([]);
    }
  });

  it('made no error on any page, and broke no rule of its content security policy', () => {
    expect(faults).toEqual([]);
  });
});
