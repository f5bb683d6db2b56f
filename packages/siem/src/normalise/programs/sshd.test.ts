import { describe, expect, test } from 'vitest';
import { createNormaliser } from '../normalise.ts';

const normaliser = createNormaliser();
const read = (message: string) => {
  const event = normaliser.line(
    `<38>Nov 21 20:26:00 vm sshd[1]: ${message}`,
    Date.parse('2026-11-21T13:26:00Z'),
  );
  return { dataset: event.dataset, count: event.count, ...Object.fromEntries(event.fields.entries()) };
};

describe('sshd', () => {
  test.each([
    [
      'Accepted publickey for deploy from 10.0.0.5 port 50022 ssh2: ED25519 SHA256:abc',
      'ssh_login',
      'success',
    ],
    ['Failed password for root from 10.0.0.5 port 50022 ssh2', 'ssh_login', 'failure'],
    ['Failed password for invalid user  from 10.0.0.5 port 50022 ssh2', 'ssh_login', 'failure'],
    ['Failed publickey for root from fe80::1 port 1 ssh2: RSA SHA256:abc', 'ssh_login', 'failure'],
    ['Failed none for invalid user x from 10.0.0.5 port 1 ssh2', 'ssh_method_probe', undefined],
    ['Invalid user x from 10.0.0.5 port 1', 'ssh_invalid_user', undefined],
    ['Invalid user x from 10.0.0.5', 'ssh_invalid_user', undefined],
    [
      'pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=10.0.0.5  user=root',
      'pam_authentication_failure',
      undefined,
    ],
    [
      'error: maximum authentication attempts exceeded for root from 10.0.0.5 port 1 ssh2 [preauth]',
      'ssh_too_many_failures',
      undefined,
    ],
    ['Received disconnect from 10.0.0.5 port 1:11: Bye Bye [preauth]', 'ssh_disconnect', undefined],
    ['Received disconnect from 10.0.0.5: 11: Bye Bye [preauth]', 'ssh_disconnect', undefined],
    [
      'Connection closed by authenticating user root 10.0.0.5 port 1 [preauth]',
      'ssh_connection_closed',
      undefined,
    ],
    ['Disconnected from invalid user a b 10.0.0.5 port 1 [preauth]', 'ssh_disconnect', undefined],
  ])('`%s` is %s', (message, action, outcome) => {
    const event: Record<string, unknown> = read(message);
    expect(event).toMatchObject({ dataset: 'sshd.auth', 'event.action': action, 'process.name': 'sshd' });
    expect(event['event.outcome']).toBe(outcome);
    expect(event['source.ip']).toMatch(/^10\.0\.0\.5$|^fe80::1$/);
  });

  test('keeps the real address when the user name forges one', () => {
    expect(
      read('Failed password for invalid user a from 9.9.9.9 port 1 ssh2 from 10.0.0.5 port 2 ssh2'),
    ).toMatchObject({
      'source.ip': '10.0.0.5',
      'source.port': 2,
      'user.name': 'a from 9.9.9.9 port 1 ssh2',
    });
  });

  test('counts a repeated message as often as it says, within bounds', () => {
    const line = 'Failed password for root from 10.0.0.5 port 2 ssh2';
    expect(read(`message repeated 5 times: [ ${line}]`)).toMatchObject({
      count: 5,
      'event.outcome': 'failure',
    });
    expect(read(`message repeated 1000000 times: [ ${line}]`)).toMatchObject({
      count: 100,
      'kydai.repeated': 1e6,
    });
    expect(read(`message repeated -1 times: [ ${line}]`)).toMatchObject({ count: 1 });
  });

  test('of an old system writes PAM into its tag', () => {
    const event = normaliser.line(
      'Jun 14 15:16:01 combo sshd(pam_unix)[19939]: authentication failure; logname= uid=0 euid=0 tty=NODEVssh ruser= rhost=host.example  user=root',
      Date.parse('2026-11-21T13:26:00Z'),
    );
    expect(Object.fromEntries(event.fields.entries())).toMatchObject({
      'process.name': 'sshd',
      'source.domain': 'host.example',
      'user.name': 'root',
    });
  });

  test('says something unknown: it is kept with its message', () => {
    expect(read('the moon is full')).toMatchObject({ dataset: 'sshd.auth', message: 'the moon is full' });
  });
});
