import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createNormaliser } from '../normalise.ts';

const received = Date.parse('2026-11-21T13:26:00Z');
const normaliser = createNormaliser({ zone: '+07:00' });
const read = (line: string) => {
  const event = normaliser.line(line, received);
  const fields: Record<string, unknown> = Object.fromEntries(event.fields.entries());
  return {
    dataset: event.dataset,
    parsed: event.parsed,
    time: new Date(event.time).toISOString(),
    ...fields,
  };
};

describe('CEF', () => {
  const body =
    'CEF:0|Acme|Fire\\|wall|1.0|100|worm stopped|10|src=10.0.0.1 spt=1232 dst=2.1.2.2 act=blocked msg=a b\\=c suser=lan cs1=red zone cs1Label=Zone Name dhost=x.example';
  const fields = {
    dataset: 'cef',
    parsed: true,
    'observer.vendor': 'Acme',
    'observer.product': 'Fire|wall',
    'event.code': '100',
    'event.severity': '10',
    message: 'worm stopped',
    'source.ip': '10.0.0.1',
    'source.port': 1232,
    'event.action': 'blocked',
    'user.name': 'lan',
    'cef.msg': 'a b=c',
    'cef.Zone_Name': 'red zone',
    'destination.domain': 'x.example',
  };

  test.each([
    '<134>Nov 21 20:26:00 fw ',
    '',
    '<134>Nov 21 20:26:00 fw agent: ',
    '<134>1 2026-11-21T13:26:00Z fw acme - - - ',
  ])('after `%s` is read', (header) => {
    expect(read(header + body)).toMatchObject(fields);
  });

  test('cut off before its extension is not CEF', () => {
    expect(read('<134>Nov 21 20:26:00 fw CEF:0|Acme|x|1')).toMatchObject({ dataset: 'linux.syslog' });
  });
});

test.each([
  ['CEF:0|V|P|1|5|n|3|rt=Nov 21 2026 19:00:00 src=10.0.0.1', 'CEF in words, on the clock of the city'],
  ['CEF:0|V|P|1|5|n|3|rt=Nov 21 2026 12:00:00.000 UTC src=10.0.0.1', 'CEF with its zone'],
  ['CEF:0|V|P|1|5|n|3|rt=1795262400000 src=10.0.0.1', 'CEF as a number'],
  ['LEEF:2.0|V|P|1|5|^|devTime=Nov 21 2026 19:00:00^src=10.0.0.1', 'LEEF in words'],
  ['LEEF:1.0|V|P|1|5|devTime=Nov 21 2026 12:00:00 GMT+00:00\tsrc=10.0.0.1', 'LEEF with its zone'],
])('%s: the time of %s', (line) => {
  expect(read(line)).toMatchObject({ time: '2026-11-21T12:00:00.000Z', 'source.ip': '10.0.0.1' });
});

test.each(['{"@timestamp":"2026-11-21T12:00:00Z","a":1}', '<34>1 2026-11-21T12:00:00Z h app - - - hi'])(
  'a byte order mark before %s is passed over',
  (line) => {
    expect(read(`\ufeff${line}`)).toMatchObject({ parsed: true, time: '2026-11-21T12:00:00.000Z' });
  },
);

test.each([
  [
    'example.com:443 203.0.113.7',
    { 'source.ip': '203.0.113.7', 'url.domain': 'example.com', 'url.port': 443 },
  ],
  ['2001:db8::7', { 'source.ip': '2001:db8::7' }],
  ['example.com:443 2001:db8::7', { 'source.ip': '2001:db8::7', 'url.domain': 'example.com' }],
])('an access log entry of %s', (who, fields) => {
  expect(read(`${who} - bob [21/Nov/2026:19:00:00 +0700] "GET /a HTTP/1.1" 200 5`)).toMatchObject({
    ...fields,
    parsed: true,
    'user.name': 'bob',
    'url.path': '/a',
    time: '2026-11-21T12:00:00.000Z',
  });
});

describe('LEEF', () => {
  test.each([
    '<134>Nov 21 20:26:00 fw LEEF:1.0|Acme|Gate|2|77|src=10.0.0.1\tdst=10.0.0.2\tsrcPort=99\tusrName=lan\tx=y z',
    'LEEF:2.0|Acme|Gate|2|77|^|src=10.0.0.1^dst=10.0.0.2^srcPort=99^usrName=lan^x=y z',
    'LEEF:2.0|Acme|Gate|2|77|x5E|src=10.0.0.1^dst=10.0.0.2^srcPort=99^usrName=lan^x=y z',
  ])('`%s` is read', (line) => {
    expect(read(line)).toMatchObject({
      dataset: 'leef',
      parsed: true,
      'observer.product': 'Gate',
      'event.code': '77',
      'source.ip': '10.0.0.1',
      'destination.ip': '10.0.0.2',
      'source.port': 99,
      'user.name': 'lan',
      'leef.x': 'y z',
    });
  });
});

describe('auditd', () => {
  test('of a system call is read from its file and from syslog', () => {
    const line =
      'type=SYSCALL msg=audit(1795267560.243:24287): arch=c000003e syscall=2 success=no exit=-13 a0=7fffd19c5592 a1=0 ppid=2686 pid=3538 auid=1000 uid=1000 comm="cat" exe="/bin/cat" key="sshd_config"';
    const fields = {
      dataset: 'auditd.log',
      time: '2026-11-21T13:26:00.243Z',
      'auditd.log.record_type': 'SYSCALL',
      'auditd.log.key': 'sshd_config',
      'auditd.log.a0': '7fffd19c5592',
      'process.executable': '/bin/cat',
      'process.pid': 3538,
      'event.outcome': 'failure',
    };
    expect(read(line)).toMatchObject(fields);
    expect(read(`<13>Nov 21 20:26:00 vm audispd: node=db-1 ${line}`)).toMatchObject({
      ...fields,
      'process.name': 'cat',
    });
  });

  test('decodes what the kernel encoded', () => {
    expect(read('type=PROCTITLE msg=audit(1795267560.243:1): proctitle=6C73002D6C61')).toMatchObject({
      'process.command_line': 'ls -la',
    });
    expect(
      read('type=EXECVE msg=audit(1795267560.243:1): argc=2 a0="cat" a1=2F746D702F612062'),
    ).toMatchObject({
      'auditd.log.a0': 'cat',
      'auditd.log.a1': '/tmp/a b',
    });
  });

  test('has its arguments put together, from pieces and from records without their count', () => {
    expect(
      read('type=EXECVE msg=audit(1795267560.243:1): argc=3 a0="sh" a1_len=4 a1[0]=2D63 a1[1]=20 a2="x y"'),
    ).toMatchObject({
      'auditd.log.a1': '-c ',
      'process.args': ['sh', '-c ', 'x y'],
      'process.command_line': 'sh -c  x y',
    });
    expect(read('type=EXECVE msg=audit(1795267560.243:1): a9=2F746D702F612062')).toMatchObject({
      'auditd.log.a9': '/tmp/a b',
    });
    expect(read('type=SYSCALL msg=audit(1795267560.243:1): a0=61626364 a1=0')).toMatchObject({
      'auditd.log.a0': '61626364',
    });
  });

  test('that was enriched gives the names behind the separator', () => {
    expect(
      read(
        'type=SYSCALL msg=audit(1795267560.243:1): uid=0 key=(null)\u001dARCH=x86_64 SYSCALL=execve UID="root"',
      ),
    ).toMatchObject({ 'auditd.log.SYSCALL': 'execve', 'auditd.log.ARCH': 'x86_64', 'user.name': 'root' });
    const user = read(
      'type=USER_LOGIN msg=audit(1795267560.243:1): uid=0 msg=\'op=login acct="an" res=failed\'\u001dUID="root" AUID="lan"',
    );
    expect(user).toMatchObject({ 'user.name': 'an', 'user.audit.name': 'lan', 'event.outcome': 'failure' });
    expect(user).not.toHaveProperty('auditd.log.key');
  });

  test('of user space carries its nested list', () => {
    expect(
      read(
        'type=USER_AUTH msg=audit(1795267560.243:9): pid=1 uid=0 msg=\'op=PAM:authentication acct="root" exe="/usr/sbin/sshd" hostname=? addr=10.0.0.9 terminal=ssh res=failed\'',
      ),
    ).toMatchObject({
      'user.name': 'root',
      'source.ip': '10.0.0.9',
      'event.outcome': 'failure',
      'event.action': 'PAM:authentication',
    });
  });
});

describe('a firewall’s kernel line', () => {
  test('of iptables or nftables is read with the verdict of its prefix', () => {
    expect(
      read(
        '<4>Nov 21 20:26:00 gw kernel: [123.45] [UFW BLOCK] IN=eth0 OUT= MAC=00:11 SRC=203.0.113.9 DST=10.0.0.1 LEN=60 TTL=51 PROTO=TCP SPT=44 DPT=23 SYN',
      ),
    ).toMatchObject({
      dataset: 'iptables.log',
      'event.action': 'block',
      'event.outcome': 'failure',
      'source.ip': '203.0.113.9',
      'destination.port': 23,
      'network.transport': 'tcp',
      'host.name': 'gw',
    });
  });

  test('of anything else stays what it is', () => {
    expect(read('<4>Nov 21 20:26:00 gw kernel: usb 1-1: new device')).toMatchObject({
      dataset: 'linux.syslog',
    });
  });
});

describe('a web server’s error log', () => {
  test.each([
    [
      '[Sun Dec 04 04:52:15 2005] [error] [client 203.0.113.9] Directory index forbidden by rule: /var/www/html/',
      {
        'source.ip': '203.0.113.9',
        'event.action': 'index_forbidden',
        time: '2005-12-03T21:52:15.000Z',
        'log.level': 'error',
      },
    ],
    [
      '[Sat Nov 21 20:26:00.123456 2026] [authz_core:error] [pid 12:tid 34] [client 203.0.113.9:5555] AH01630: client denied by server configuration: /x',
      {
        'source.port': 5555,
        'event.code': 'AH01630',
        'event.action': 'client_denied',
        'process.pid': 12,
        time: '2026-11-21T13:26:00.123Z',
      },
    ],
    [
      '[Sun Dec 04 04:47:44 2005] [notice] workerEnv.init() ok /etc/httpd/conf/workers2.properties',
      { message: 'workerEnv.init() ok /etc/httpd/conf/workers2.properties' },
    ],
  ])('of Apache: %s', (line, fields) => {
    expect(read(line)).toMatchObject({ dataset: 'apache.error', parsed: true, ...fields });
  });

  test('of nginx', () => {
    expect(
      read(
        '2026/11/21 20:26:00 [error] 7#7: *1 open() "/x" failed, client: 203.0.113.9, server: _, request: "GET /x HTTP/1.1", host: "a.example"',
      ),
    ).toMatchObject({
      dataset: 'nginx.error',
      time: '2026-11-21T13:26:00.000Z',
      'source.ip': '203.0.113.9',
      'url.original': '/x',
      'url.domain': 'a.example',
    });
  });
});

test('no line of these formats, however broken, throws or takes long', () => {
  const start = fc.constantFrom(
    'CEF:0|a|b|c|d|e|1|',
    'LEEF:2.0|a|b|c|d|^|',
    'type=X msg=audit(1.2:3): ',
    '<4>kernel: IN= SRC= DST= ',
    '[Sun Dec 04 04:47:44 2005] [error] ',
    '2026/11/21 20:26:00 [error] 7#7: ',
  );
  fc.assert(
    fc.property(start, fc.string({ unit: 'binary', maxLength: 500 }), (head, rest) => {
      normaliser.line(head + rest, received);
    }),
    { numRuns: 300 },
  );
  for (const head of ['CEF:0|a|b|c|d|e|1|', 'LEEF:2.0|a|b|c|d|^|', 'type=X msg=audit(1.2:3): ']) {
    for (const filler of ['a=', ' a', '\\', '=', 'x'])
      normaliser.line(head + filler.repeat(30_000), received);
  }
}, 30_000);
