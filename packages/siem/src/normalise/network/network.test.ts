import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createNormaliser } from '../normalise.ts';

const received = Date.parse('2026-11-21T13:30:00Z');
const normaliser = createNormaliser({ zone: '+07:00' });
const read = (line: string) => {
  const { time, dataset, fields, parsed } = normaliser.line(line, received);
  return { time: new Date(time).toISOString(), dataset, parsed, ...Object.fromEntries(fields.entries()) };
};

describe('the header of Cisco equipment', () => {
  const body = '%SYS-5-CONFIG_I: Configured from console by admin on vty0 (10.0.0.9)';
  const at = '2026-11-21T13:26:00.000Z';
  test.each([
    ['<189>29: Nov 21 20:26:00: ', { time: at }],
    ['<189>29: Nov 21 2026 20:26:00: ', { time: at }],
    ['<189>000123: 29: Nov 21 20:26:00.123: ', { time: '2026-11-21T13:26:00.123Z' }],
    ['<189>29: Nov 21 20:26:00.123 ICT: ', { time: '2026-11-21T13:26:00.123Z' }],
    ['<189>29: Nov 21 13:26:00 UTC: ', { time: at }],
    ['<189>29: Nov 21 20:26:00 HUE: ', { time: at }],
    ['<189>29: rtr1: Nov 21 20:26:00: ', { time: at, 'host.name': 'rtr1' }],
    ['<189>rtr1: Nov 21 20:26:00.123: ', { time: '2026-11-21T13:26:00.123Z', 'host.name': 'rtr1' }],
    ['<189>Nov 21 20:26:00 UTC: ', { time: '2026-11-21T20:26:00.000Z', 'kydai.time_flag': 'future' }],
    [
      '<189>Nov 21 20:26:00 rtr1 29: Nov 21 20:25:00: ',
      { time: '2026-11-21T13:25:00.000Z', 'host.name': 'rtr1' },
    ],
    [
      '<189>Nov 21 20:26:00 relay rtr1: 29: Nov 21 20:26:00: ',
      { time: at, 'host.name': 'rtr1', 'observer.hostname': 'relay' },
    ],
    ['<189>Nov 21 20:26:00 RTR1 ', { time: at, 'host.name': 'RTR1' }],
    ['Nov 21 20:26:00 10.0.0.1 29: ', { time: at, 'host.name': '10.0.0.1' }],
    ['<189>1 2026-11-21T13:26:00Z rtr1 - - - - 29: ', { time: at, 'host.name': 'rtr1' }],
    ['<189>: 2026 Nov 21 20:26:00 ICT: ', { time: at }],
    ['<189>2026 Nov 21 20:26:00.123 nx1 ', { time: '2026-11-21T13:26:00.123Z', 'host.name': 'nx1' }],
    [
      '<189>1234: RP/0/RSP0/CPU0:Nov 21 20:26:00 ICT: config[65754]: ',
      { time: at, 'process.name': 'config', 'process.pid': 65754 },
    ],
    ['<189>1234: xr1 RP/0/RSP0/CPU0:Nov 21 20:26:00 : ', { time: at, 'host.name': 'xr1' }],
    ['*Nov 21 20:26:00: ', { time: at, 'kydai.time_flag': 'clock' }],
    ['<189>29: .Nov 21 20:26:00.000: ', { time: at, 'kydai.time_flag': 'clock' }],
    ['<189>29: *Mar  1 00:00:46: ', { time: '2026-11-21T13:30:00.000Z', 'kydai.time_flag': 'clock' }],
    ['<189>29: Feb 31 00:00:46: ', { time: '2026-11-21T13:30:00.000Z', 'kydai.time_flag': 'invalid' }],
    [
      '<189>29: 00:00:46: ',
      { time: '2026-11-21T13:30:00.000Z', 'host.uptime': 46, 'kydai.time_flag': 'none' },
    ],
    ['<189>29: 1w2d: ', { 'host.uptime': 777_600, 'kydai.time_flag': 'none' }],
    ['<189>29: 1y23w: ', { 'host.uptime': 45_446_400 }],
    ['<189>29: 3d04h: ', { 'host.uptime': 273_600 }],
    ['<189>', { 'kydai.time_flag': 'none' }],
  ])('`%s`', (header, expected) => {
    expect(read(header + body)).toMatchObject({
      dataset: 'cisco.syslog',
      parsed: true,
      message: body,
      'event.code': 'CONFIG_I',
      'cisco.ios.facility': 'SYS',
      'user.name': 'admin',
      'source.ip': '10.0.0.9',
      ...expected,
    });
  });

  test.each([
    '<13>Nov 21 20:26:00 vm app: %SYS-5-CONFIG_I: x',
    '<13>Nov 21 20:26:00 vm app: at 50% of %SYS-5-CONFIG_I: x',
    '<13>Nov 21 20:26:00 vm app[7]: x %SYS-5-CONFIG_I: x',
    `<13>Nov 21 20:26:00 vm ${'9: '.repeat(100)}%SYS-5-CONFIG_I: x`,
    '<13>Nov 21 20:26:00 vm %SYS-9-CONFIG_I: x',
  ])('is not what another program wrote: `%s`', (line) => {
    expect(read(line).dataset).toBe('linux.syslog');
  });

  test('that a shipper took apart is put together again', () => {
    const document = {
      SYSLOG_IDENTIFIER: '45',
      MESSAGE: `*Nov 21 20:26:00.000: ${body}`,
      PRIORITY: '5',
      _HOSTNAME: 'rtr1',
    };
    const { dataset, fields } = normaliser.document(document, received);
    expect(dataset).toBe('cisco.syslog');
    expect(fields.get('user.name')).toBe('admin');
  });
});

const asa = '<166>Nov 21 2026 20:26:00 fw1 : %ASA-6-';
const ios = '<189>29: Nov 21 20:26:00: ';
const accept = { 'event.action': 'accept', 'event.outcome': 'success' };
const deny = { 'event.action': 'deny', 'event.outcome': 'failure' };

test.each([
  [
    `${asa}302013: Built inbound TCP connection 7 for outside:203.0.113.9/51234 (203.0.113.9/51234) to inside:10.0.0.5/443 (198.51.100.5/443)`,
    {
      ...accept,
      'source.ip': '203.0.113.9',
      'destination.port': 443,
      'destination.nat.ip': '198.51.100.5',
      'network.transport': 'tcp',
    },
  ],
  [
    `${asa}302013: Built outbound TCP connection 7 for outside:203.0.113.9/443 (203.0.113.9/443) to inside:10.0.0.5/51234 (198.51.100.5/51234)`,
    { ...accept, 'source.ip': '10.0.0.5', 'destination.ip': '203.0.113.9', 'destination.port': 443 },
  ],
  [
    `${asa}302013: Built inbound TCP connection 7 for outside:203.0.113.9/51234 (203.0.113.9/51234)(LOCAL\\bob) to inside:10.0.0.5/443 (10.0.0.5/443) (bob)`,
    { ...accept, 'source.ip': '203.0.113.9', 'destination.ip': '10.0.0.5' },
  ],
  [
    `${asa}302015: Built inbound UDP connection 7 for outside:2001:db8::9/51234 (2001:db8::9/51234) to inside:2001:db8::5/53 (2001:db8::5/53)`,
    { ...accept, 'source.ip': '2001:db8::9', 'destination.ip': '2001:db8::5', 'network.transport': 'udp' },
  ],
  [
    `${asa}302014: Teardown TCP connection 7 for outside:203.0.113.9/51234 to inside:10.0.0.5/443 duration 0:00:30 bytes 1234 TCP FINs`,
    { 'event.action': 'close', 'network.bytes': 1234, 'event.reason': 'TCP FINs' },
  ],
  [
    `${asa}302020: Built inbound ICMP connection for faddr 203.0.113.9/0 gaddr 198.51.100.5/0 laddr 10.0.0.5/0 type 8 code 0`,
    { ...accept, 'source.ip': '203.0.113.9', 'destination.ip': '10.0.0.5' },
  ],
  [
    `${asa}106023: Deny tcp src outside:203.0.113.9/51234 dst inside:10.0.0.5/23 by access-group "outside_in" [0x0, 0x0]`,
    { ...deny, 'source.port': 51234, 'destination.port': 23, 'rule.name': 'outside_in' },
  ],
  [
    `${asa}106023: Deny icmp src outside:203.0.113.9 dst inside:10.0.0.5 (type 8, code 0) by access-group "outside_in" [0x0, 0x0]`,
    { ...deny, 'network.transport': 'icmp' },
  ],
  [
    `${asa}106100: access-list outside_in denied tcp outside/203.0.113.9(51234) -> inside/10.0.0.5(23) hit-cnt 1 first hit [0x1, 0x0]`,
    { ...deny, 'destination.port': 23, 'rule.name': 'outside_in' },
  ],
  [
    `${asa}106001: Inbound TCP connection denied from 203.0.113.9/1 to 10.0.0.5/23 flags SYN on interface outside`,
    { ...deny, 'source.ip': '203.0.113.9' },
  ],
  [
    `${asa}710003: TCP access denied by ACL from 203.0.113.9/1 to outside:198.51.100.1/22`,
    { ...deny, 'destination.ip': '198.51.100.1' },
  ],
  [
    `${asa}733102: Threat-detection adds host 203.0.113.9 to shun list`,
    { 'event.action': 'shun', 'source.ip': '203.0.113.9' },
  ],
  [
    `${asa}113015: AAA user authentication Rejected : reason = Invalid password : local database : user = x : user IP = 9.9.9.9 : user IP = 203.0.113.9`,
    { 'event.outcome': 'failure', 'user.name': 'x : user IP = 9.9.9.9', 'source.ip': '203.0.113.9' },
  ],
  [
    `${asa}113019: Group = VPN, Username = bob, IP = 203.0.113.9, Session disconnected. Session Type: SSL, Duration: 0h:10m:05s, Bytes xmt: 123, Bytes rcv: 456, Reason: User Requested`,
    { 'event.action': 'vpn_logout', 'user.name': 'bob', 'source.bytes': 456 },
  ],
  [
    `${asa}716039: Group <g> User <bob> IP <203.0.113.9> Authentication: rejected, Session Type: WebVPN.`,
    { 'event.action': 'vpn_login', 'event.outcome': 'failure', 'user.name': 'bob' },
  ],
  [
    `${asa}605004: Login denied from 203.0.113.9/51234 to outside:198.51.100.1/ssh for user "root"`,
    { 'event.outcome': 'failure', 'user.name': 'root', 'network.protocol': 'ssh' },
  ],
  [
    `${asa}111010: User 'admin', running 'CLI' from IP 10.0.0.9, executed 'no logging enable'`,
    { 'event.action': 'command', 'process.command_line': 'no logging enable', 'source.ip': '10.0.0.9' },
  ],
  [
    `${asa}502103: User priv level changed: Uname: bob From: 1 To: 15`,
    { 'user.name': 'bob', 'cisco.asa.privilege': 15 },
  ],
  [`${asa}999999: something new`, { dataset: 'cisco.asa', 'event.code': '999999' }],
  [
    '<113>2026-11-21T13:26:00Z ftd1 : %FTD-1-430003: DeviceUUID: e8, AccessControlRuleAction: Block with reset, SrcIP: 10.0.0.5, DstIP: 203.0.113.8, SrcPort: 5, DstPort: 23, Protocol: tcp, URL: http://x/, SrcIP: 9.9.9.9, UserAgent: a, b',
    {
      dataset: 'cisco.ftd',
      ...deny,
      'source.ip': '10.0.0.5',
      'destination.port': 23,
      'user_agent.original': 'a, b',
    },
  ],
  [
    `${ios}%SEC_LOGIN-4-LOGIN_FAILED: Login failed [user: a] [Source: 9.9.9.9] [user: b] [Source: 10.0.0.9] [localport: 22] [Reason: bad] at 20:26:00 ICT Sat Nov 21 2026`,
    { 'event.outcome': 'failure', 'source.ip': '10.0.0.9' },
  ],
  [
    `${ios}%SEC-6-IPACCESSLOGP: list 101 denied tcp 203.0.113.9(51234) -> 10.0.0.1(23), 1 packet`,
    { ...deny, 'source.ip': '203.0.113.9', 'destination.port': 23 },
  ],
  [
    `${ios}%PARSER-5-CFGLOG_LOGGEDCMD: User:admin  logged command:no logging host 10.0.0.1`,
    { 'user.name': 'admin', 'process.command_line': 'no logging host 10.0.0.1' },
  ],
  [
    `${ios}%LINK-SW2-3-UPDOWN: Interface Gi2/0/1, changed state to down`,
    { 'event.action': 'link_state', 'event.reason': 'down' },
  ],
  [
    '<190>Nov 21 2026 20:26:00+07:00 R1 %%01SHELL/5/CMDRECORD(s)[3]:Recorded command information. (Task=VTY0, Ip=10.1.1.1, VpnName=, User=admin, AuthenticationMethod="Local-user", Command="undo info-center enable")',
    {
      dataset: 'huawei.syslog',
      'host.name': 'R1',
      'process.command_line': 'undo info-center enable',
      time: '2026-11-21T13:26:00.000Z',
    },
  ],
  [
    '<190>Nov 21 20:26:00 2026 sw1 %%10SHELL/6/SHELL_CMD: -Line=vty0-IPAddr=10.1.1.1-User=admin; Command is display version',
    {
      dataset: 'huawei.syslog',
      'observer.vendor': 'H3C',
      'process.command_line': 'display version',
      'user.name': 'admin',
    },
  ],
  [
    '<4>Nov 21 20:26:00 mx1 /kernel: tcp_auth_ok: Packet from 10.1.1.1:179 missing MD5 digest',
    { dataset: 'juniper.syslog', 'source.ip': '10.1.1.1', 'event.outcome': 'failure' },
  ],
  [
    "<190>Nov 21 20:26:00 mx1 mgd[7]: UI_CMDLINE_READ_LINE: User 'ops', command 'clear log messages '",
    { dataset: 'juniper.syslog', 'event.code': 'UI_CMDLINE_READ_LINE', 'user.name': 'ops' },
  ],
  [
    '<189>date=2026-11-21 time=19:00:00 devname="FGT" devid="FG100F" eventtime=1795267560000000000 tz="+0700" logid="0100044547" type="event" subtype="system" level="information" user="admin" ui="GUI(10.0.0.1)" action="Add" cfgpath="system.admin" msg="Add \\"x\\" type=\\"traffic\\""',
    {
      dataset: 'fortinet.fortigate',
      time: '2026-11-21T13:26:00.000Z',
      'event.action': 'Add',
      'fortinet.firewall.cfgpath': 'system.admin',
      'source.ip': '10.0.0.1',
      'fortinet.firewall.type': 'event',
    },
  ],
  [
    'Nov 21 20:26:00 fgt1 date=2026-11-21 time=20:26:00 devname=FGT devid=FG100F logid=0000000013 type=traffic subtype=forward srcip=10.0.0.5 srcport=5 dstip=203.0.113.8 dstport=23 proto=6 action=deny sentbyte=0',
    {
      dataset: 'fortinet.fortigate',
      ...deny,
      'network.transport': 'tcp',
      time: '2026-11-21T13:26:00.000Z',
      'host.name': 'fgt1',
    },
  ],
  [
    '<14>Nov 21 20:26:00 PA-220 1,2026/11/21 20:26:00,0079,TRAFFIC,drop,2560,2026/11/21 20:25:59,10.0.0.5,203.0.113.8,,,"a, ""b""",corp\\bob,,ssl,vsys1,trust,untrust,e1/2,e1/1,fwd,2026/11/21 20:26:00,1234,1,50000,23,0,0,0x400053,tcp,drop,1200,500,700',
    {
      dataset: 'paloalto.traffic',
      ...deny,
      'rule.name': 'a, "b"',
      'user.name': 'corp\\bob',
      'destination.port': 23,
      'source.bytes': 500,
      time: '2026-11-21T13:25:59.000Z',
    },
  ],
  [
    '<14>Nov 21 20:26:00 PA-220 1,2026/11/21 20:26:00,0079,CONFIG,0,2560,2026/11/21 20:25:59,10.0.0.9,,delete,admin,Web,Succeeded,config shared log-settings',
    {
      dataset: 'paloalto.config',
      'user.name': 'admin',
      'source.ip': '10.0.0.9',
      'panw.panos.command': 'delete',
    },
  ],
  [
    '<38>Nov 21 20:26:00 tac1 tac_plus[1]: 10.0.0.1\tadmin\ttty2\t10.0.0.9\tstop\ttask_id=12\tcmd=show running-config <cr>',
    { dataset: 'cisco.aaa', 'process.command_line': 'show running-config', 'source.ip': '10.0.0.9' },
  ],
  [
    '<181>Nov 21 20:26:00 ise1 CISE_TACACS_Accounting 0000000123 1 0 2026-11-21 20:26:00.123 +07:00 0000000456 3300 NOTICE Tacacs-Accounting: TACACS+ Accounting with Command, ConfigVersionId=83, Device IP Address=10.0.0.1, CmdSet=[ CmdAV=show CmdArgAV=a\\,b CmdArgAV=<cr> ], UserName=admin',
    {
      dataset: 'cisco.aaa',
      'process.command_line': 'show a,b',
      'user.name': 'admin',
      'observer.ip': '10.0.0.1',
    },
  ],
])('`%s`', (line, expected) => {
  expect(read(line)).toMatchObject(expected);
});

test('cut anywhere, repeated, with NULs or very long, a line is an event and nothing throws', () => {
  const whole = [
    `${asa}302013: Built inbound TCP connection 7 for outside:203.0.113.9/51234 (203.0.113.9/51234) to inside:10.0.0.5/443 (198.51.100.5/443)`,
    `${ios}%SEC-6-IPACCESSLOGP: list 101 denied tcp 203.0.113.9(51234) -> 10.0.0.1(23), 1 packet`,
    '<190>Nov 21 2026 20:26:00+07:00 R1 %%01SHELL/5/CMDRECORD(s)[3]:Recorded command information. (Task=VTY0, Ip=10.1.1.1)',
    '<189>date=2026-11-21 time=20:26:00 devname=FGT devid=FG100F logid=1 type=traffic subtype=forward msg="a',
    '<14>Nov 21 20:26:00 PA 1,2026/11/21 20:26:00,0079,THREAT,url,2560,2026/11/21 20:25:59,10.0.0.5,203.0.113.8,,,"a',
    '<113>%FTD-1-430003: DeviceUUID: e8, SrcIP: 10.0.0.5, URL: x',
  ];
  const noise = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.constantFrom('\0', ': ', '%', '%%', ', A: ', '"'),
  );
  fc.assert(
    fc.property(fc.constantFrom(...whole), fc.nat(240), noise, (line, cut, extra) => {
      const event = normaliser.line(line.slice(0, cut) + extra, received);
      expect(Number.isFinite(event.time)).toBe(true);
      const names = Array.from(event.fields.entries(), ([name]) => name);
      expect(new Set(names).size).toBe(names.length);
    }),
    { numRuns: 2000 },
  );
  const long = 'x, A1: '.repeat(100_000);
  expect(normaliser.line(`<113>%FTD-1-430003: ${long}`, received).fields.get('cisco.ftd.A1')).toBe('x');
  expect(
    normaliser.line(`<14>1,2026/11/21 20:26:00,0079,TRAFFIC,${'",'.repeat(100_000)}`, received).parsed,
  ).toBe(true);
  expect(
    Array.from(normaliser.line(`${whole[3]}${' a=1'.repeat(5000)}`, received).fields.entries()).length,
  ).toBeLessThan(200);
});
