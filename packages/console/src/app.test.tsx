// @vitest-environment happy-dom
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { devices, incidents } from '../dev/data.ts';
import { startFixture } from '../dev/server.ts';
import { App } from './app.tsx';
import { SettingsProvider } from './language/settings.tsx';

/** The pages over real HTTP against the fixture API: what a reader sees, not how it is made. */
let server: Server;
let base: string;
let root: Root;

/** happy-dom has no event source; the pages must stand without one that opens. */
class SilentSource {
  onopen = null;
  onerror = null;
  addEventListener(): void {}
  close(): void {}
}

beforeAll(async () => {
  server = await startFixture(0);
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  vi.stubGlobal('EventSource', SilentSource);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  document.body.innerHTML = '<div id="root"></div>';
  vi.stubEnv('KYDAI_FIXTURE', '');
});
afterEach(async () => {
  await act(async () => root.unmount());
  vi.unstubAllEnvs();
});

async function open(path: string, language: 'vi' | 'en' = 'vi'): Promise<void> {
  (window as unknown as { happyDOM: { setURL(url: string): void } }).happyDOM.setURL(base + path);
  root = createRoot(document.getElementById('root')!);
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  await act(async () =>
    root.render(
      <QueryClientProvider client={client}>
        <SettingsProvider initial={{ language }}>
          <App />
        </SettingsProvider>
      </QueryClientProvider>,
    ),
  );
}

const text = (): string => document.body.textContent ?? '';

async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 5000;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`it never came; the page says: ${text().slice(0, 400)}`);
    await act(async () => new Promise((resolve) => setTimeout(resolve, 20)));
  }
}

async function press(label: string): Promise<void> {
  const button = [...document.querySelectorAll('button')].find((one) => one.textContent?.trim() === label);
  if (!button) throw new Error(`there is no button ${label}`);
  await act(async () => button.click());
}

describe('the console', () => {
  it('shows waiting approvals before everything else on the overview', async () => {
    await open('/');
    await until(() => text().includes('đang chờ một người quyết định'));
    const sections = [...document.querySelectorAll('.board > section')];
    expect(sections[0]!.className).toBe('approvals');
    expect(text()).toContain('n = 1.000');
  });

  it('never shows an indicator without its n, median and p90', async () => {
    await open('/', 'en');
    await until(() => document.querySelector('.indicators') !== null);
    for (const row of document.querySelectorAll('.indicators tbody tr')) {
      const cells = [...row.querySelectorAll('td')].map((cell) => cell.textContent);
      expect(cells).toHaveLength(4);
      for (const cell of cells) expect(cell).toMatch(/\d/);
    }
  });

  it.each([
    ['vi', 'Khi được phê duyệt: Thu hồi mọi chứng thư số', 'luôn cần một người phê duyệt'],
    [
      'en',
      'Once approved: Revoke every valid certificate',
      'Operational technology: a person always approves',
    ],
  ] as const)(
    'says in %s, once, what a waiting step will do and why it waits',
    async (language, command, why) => {
      await open(`/incidents/${incidents[0]!.id}`, language);
      await until(() => document.querySelector('.question') !== null);
      const step = document.querySelector('.step[data-state="waiting-approval"]')!.textContent ?? '';
      expect(step.split(command)).toHaveLength(2);
      expect(step.split(why)).toHaveLength(2);
    },
  );

  it('reads a proof as a sentence', async () => {
    await open(`/incidents/${incidents[1]!.id}`, 'en');
    await until(() => text().includes('OCSP answers: 1 of 1 certificate revoked'));
    expect(document.querySelector('.step-evidence')!.textContent).not.toContain('ocsp:');
  });

  it('leads from a figure to the incidents behind it', async () => {
    await open('/', 'en');
    await until(() => document.querySelector('.indicators a') !== null);
    expect(document.querySelector('.indicators a')!.getAttribute('href')).toBe('/incidents?indicator=mttd');
    await act(async () => root.unmount());
    await open('/incidents?indicator=mttd');
    await until(() => text().includes('Các sự cố tạo nên chỉ số MTTD'));
    expect(text()).not.toContain('Mạng máy tính ma từ camera Kim Long');
  });

  it('approves a waiting step with a comment and shows who decided', async () => {
    await open(`/incidents/${incidents[0]!.id}`);
    await until(() => text().includes('Phê duyệt'));
    await press('Phê duyệt');
    const field = document.querySelector<HTMLTextAreaElement>('dialog textarea')!;
    field.value = 'đã gọi đội trực giao thông';
    await act(async () =>
      document
        .querySelector('dialog form')!
        .dispatchEvent(new Event('submit', { bubbles: true, cancelable: true })),
    );
    await until(() => text().includes('minh.nguyen đã phê duyệt'));
    expect(text()).toContain('đã gọi đội trực giao thông');
    expect(document.querySelector('dialog')).toBeNull();
  });

  it('explains a quarantine and offers the release', async () => {
    await open(`/devices/${devices.find((one) => one.quarantined)!.id}`);
    await until(() => text().includes('Bị cô lập vì'));
    expect(text()).toContain('Gỡ cô lập');
  });

  it('says in the reader’s language that a thing does not exist, with the server’s words, with a way to try again', async () => {
    await open('/devices/no-such-device', 'en');
    await until(() => text().includes('Could not load'));
    expect(text()).toContain('It was not found.');
    expect(document.querySelector('.problem-detail')!.textContent).toBe('no device `no-such-device`');
    expect(text()).toContain('Try again');
  });

  it('shows the place of the fault in a bad query', async () => {
    await open('/logs?q=user.name%3A((&range=1h', 'en');
    await until(() => text().includes('Error at character'));
    expect(text()).toContain('expected a field or a word');
  });

  it('says what to do next where there is nothing yet', async () => {
    vi.stubEnv('KYDAI_FIXTURE', 'empty');
    await open('/devices');
    await until(() => text().includes('Chưa có thiết bị nào'));
    expect(document.querySelector('a[href="/enrol"]')).not.toBeNull();
  });

  it('shows the ways to sign in when there is no session', async () => {
    vi.stubEnv('KYDAI_FIXTURE', 'signed-out');
    await open('/incidents');
    await until(() => text().includes('Tài khoản cán bộ Huế'));
    expect(document.querySelector('a[href="/sign-in/oidc"]')).not.toBeNull();
    expect(text()).toContain('Liên kết dùng một lần');
  });

  it('answers an unknown address with a page and not with nothing', async () => {
    await open('/nowhere', 'en');
    await until(() => text().includes('There is no such page'));
  });
});
