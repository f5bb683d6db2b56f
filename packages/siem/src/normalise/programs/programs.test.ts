import { describe, expect, test } from 'vitest';
import { createNormaliser } from '../normalise.ts';

const normaliser = createNormaliser();
const read = (tag: string, message: string) => {
  const event = normaliser.line(
    `<86>Nov 21 20:26:00 host-1 ${tag}: ${message}`,
    Date.parse('2026-11-21T13:26:00Z'),
  );
  return { dataset: event.dataset, ...Object.fromEntries(event.fields.entries()) };
};

describe('the programs that sign people in', () => {
  test.each([
    [
      'sudo',
      '   lan : TTY=pts/0 ; PWD=/home/lan ; USER=root ; COMMAND=/usr/bin/apt update',
      {
        'event.action': 'sudo_command',
        'event.outcome': 'success',
        'user.name': 'lan',
        'user.target.name': 'root',
        'process.command_line': '/usr/bin/apt update',
      },
    ],
    [
      'sudo',
      '   lan : 3 incorrect password attempts ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh',
      { 'event.outcome': 'failure', 'user.name': 'lan' },
    ],
    [
      'sudo',
      '   lan : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh',
      { 'event.outcome': 'failure', 'event.reason': 'user NOT in sudoers' },
    ],
    [
      'su[9]',
      'FAILED SU (to root) lan on pts/1',
      { 'event.outcome': 'failure', 'user.name': 'lan', 'user.target.name': 'root' },
    ],
    [
      'su[9]',
      'pam_unix(su:session): session opened for user root(uid=0) by lan(uid=1000)',
      { 'event.action': 'session_opened', 'user.name': 'root' },
    ],
    [
      'su(pam_unix)[9]',
      'session opened for user news by (uid=0)',
      { 'event.action': 'session_opened', 'process.name': 'su' },
    ],
    [
      'systemd-logind[3]',
      'New session 5 of user lan.',
      { 'event.action': 'session_started', 'user.name': 'lan' },
    ],
    [
      'useradd[3]',
      'new user: name=backup2, UID=1001, GID=1001, home=/home/backup2, shell=/bin/bash, from=/dev/pts/0',
      { 'event.action': 'user_created', 'user.name': 'backup2' },
    ],
    [
      'usermod[3]',
      "add 'lan' to group 'sudo'",
      { 'event.action': 'group_member_added', 'group.name': 'sudo' },
    ],
    [
      'login[3]',
      'pam_unix(login:auth): authentication failure; logname=LOGIN uid=0 euid=0 tty=tty1 ruser= rhost=  user=lan',
      { 'event.outcome': 'failure', 'user.name': 'lan' },
    ],
  ])('%s: %s', (tag, message, fields) => {
    expect(read(tag, message)).toMatchObject({ dataset: 'linux.auth', ...fields });
  });
});

test('cron tells what it runs, among the daemons', () => {
  expect(read('CRON[3]', '(root) CMD (/usr/local/bin/backup)')).toMatchObject({
    dataset: 'linux.syslog',
    'event.action': 'cron_command',
    'user.name': 'root',
    'process.command_line': '/usr/local/bin/backup',
  });
});

describe('an access log', () => {
  const line =
    '203.0.113.9 - lan [21/Nov/2026:20:26:00 +0700] "GET /a/b?x=1&y=2 HTTP/1.1" 404 153 "https://r.example/" "curl/8 \\"q\\""';
  const fields = {
    'source.ip': '203.0.113.9',
    'user.name': 'lan',
    'http.request.method': 'GET',
    'url.path': '/a/b',
    'url.query': 'x=1&y=2',
    'http.response.status_code': 404,
    'http.response.body.bytes': 153,
    'user_agent.original': 'curl/8 \\"q\\"',
  };

  test('of nginx or Apache is read after a syslog header and without one', () => {
    expect(read('nginx', line)).toMatchObject({ dataset: 'nginx.access', ...fields });
    expect(read('apache2[4]', line)).toMatchObject({ dataset: 'apache.access', ...fields });
    const bare = normaliser.line(line, 0);
    expect(bare).toMatchObject({
      dataset: 'nginx.access',
      time: Date.parse('2026-11-21T13:26:00Z'),
      parsed: true,
    });
  });

  test('keeps a request that is not HTTP, and one that is empty', () => {
    const odd = '203.0.113.9 - - [21/Nov/2026:20:26:00 +0700] "\\x16\\x03\\x01" 400 0 "-" "-"';
    expect(read('nginx', odd)).toMatchObject({
      'url.original': '\\x16\\x03\\x01',
      'http.response.status_code': 400,
    });
    const empty = '203.0.113.9 - - [21/Nov/2026:20:26:00 +0700] "" 400 0 "-" "-"';
    expect(read('nginx', empty)).toMatchObject({ dataset: 'nginx.access' });
  });

  test('that is something else leaves the line as it is', () => {
    expect(read('nginx', 'reopening logs')).toMatchObject({
      dataset: 'linux.syslog',
    });
  });
});

describe('the city’s own equipment', () => {
  test('writes pairs that become ECS fields', () => {
    expect(
      read('ipcam', 'action=telnet_connect src=10.1.0.17 dst=203.0.113.80 dport=23 note="a \\"b\\""'),
    ).toMatchObject({
      dataset: 'camera.log',
      'device.id': 'host-1',
      'event.action': 'telnet_connect',
      'destination.port': 23,
      'camera.note': 'a "b"',
    });
    expect(
      read('controller[2]', 'device=tls-001 action=setpoint_change value=-4.5 scheduled=no command_id=c-9'),
    ).toMatchObject({
      dataset: 'controller.log',
      'device.id': 'tls-001',
      'controller.value': -4.5,
      'controller.scheduled': false,
      'controller.command_id': 'c-9',
    });
    expect(
      read('tls', 'device=cam-1 src=198.51.100.7 cert_sha256=AB:CD serial=0F:3C site=north'),
    ).toMatchObject({
      dataset: 'pki.tls',
      'tls.client.hash.sha256': 'abcd',
      'tls.client.x509.serial_number': '0f3c',
      'observer.site': 'north',
    });
    expect(
      read('flow', 'device=cam-1 src=10.1.0.17 dst=203.0.113.80 dport=23 proto=TCP bytes=120'),
    ).toMatchObject({
      dataset: 'flow.log',
      'network.transport': 'tcp',
      'network.bytes': 120,
    });
  });

  test('cannot overwrite what its header said, nor use a key of our objects', () => {
    expect(read('camera', 'constructor=1 __proto__=2 user=a user=b')).toMatchObject({
      'camera.constructor': '1',
      'camera.__proto__': '2',
      'user.name': 'a',
    });
  });
});
