import type { Draft } from '../fields.ts';
import { type PatternRow, PatternTable } from '../pattern.ts';

const act = (action: string) => ({ 'event.action': action });
const login = (outcome: 'success' | 'failure') => ({
  'event.action': 'login',
  'event.outcome': outcome,
  'event.category': ['authentication'],
});
const accept = {
  'event.action': 'accept',
  'event.outcome': 'success',
  'event.category': ['network'],
} as const;
const deny = { 'event.action': 'deny', 'event.outcome': 'failure', 'event.category': ['network'] } as const;
const command = act('command');
const md5 = { ...act('routing_authentication'), 'event.outcome': 'failure' } as const;
const who = '[user: {user.name:rest}] [Source: {source.ip:ip}]';
const verdicts = [
  ['permitted', accept],
  ['denied', deny],
] as const;
const state = (what: string) => [
  {
    match: `${what}{observer.ingress.interface.name}, changed state to {event.reason:text}`,
    set: act('link_state'),
  },
];
const logged = verdicts.flatMap(([word, set]): PatternRow[] => [
  {
    match: `list {rule.name} ${word} {network.transport} {source.ip:ip}({source.port:int}) -> {destination.ip:ip}({destination.port:int}), {_:text}`,
    set,
  },
  {
    match: `list {rule.name} ${word} {network.transport} {source.ip:ip}({source.port:int}) ({_:text}) -> {destination.ip:ip}({destination.port:int}), {_:text}`,
    set,
  },
  {
    match: `list {rule.name} ${word} {network.transport} {source.ip:ip} -> {destination.ip:ip} ({_}), {_:text}`,
    set,
  },
  {
    match: `list {rule.name} ${word} {network.iana_number:int} {source.ip:ip} -> {destination.ip:ip}, {_:text}`,
    set,
  },
  { match: `list {rule.name} ${word} {source.ip:ip} {_:int} packet{_:text}`, set },
]);
const badDigest = ['No', 'Invalid'].flatMap((word): PatternRow[] => [
  {
    match: `${word} MD5 digest from {source.ip:ip}({source.port:int}) to {destination.ip:ip}({destination.port:int}){_:text}`,
    set: md5,
  },
]);

/** What IOS, IOS XE, IOS XR and NX-OS say, by facility and mnemonic, as data. */
const rows: Readonly<Record<string, readonly PatternRow[]>> = {
  // Who signs in
  'SEC_LOGIN LOGIN_SUCCESS': [
    { match: `Login Success ${who} [localport: {destination.port:int}] at {_:text}`, set: login('success') },
  ],
  'SEC_LOGIN LOGIN_FAILED': [
    {
      match: `Login failed ${who} [localport: {destination.port:int}] [Reason: {event.reason:text}] at {_:text}`,
      set: login('failure'),
    },
  ],
  'SEC_LOGIN WEBLOGIN_SUCCESS': [{ match: `Login Success ${who} at {_:text}`, set: login('success') }],
  'SEC_LOGIN WEBLOGIN_FAILED': [
    {
      match: `Login failed ${who} [localport: {_}] [Reason: {event.reason:text}] at {_:text}`,
      set: login('failure'),
    },
    { match: `Login failed ${who} {_:text}`, set: login('failure') },
  ],
  'SEC_LOGIN QUIET_MODE_ON': [
    { match: `Still timeleft for watching failures is {_} secs, ${who} {_:text}`, set: act('quiet_mode') },
  ],
  'SSH SSH2_USERAUTH': (['Succeeded', 'Failed'] as const).map((word) => ({
    match: `User '{user.name:rest}' authentication for SSH2 Session from {source.ip:ip} (tty = {_}) using {_:text} ${word}`,
    set: login(word === 'Succeeded' ? 'success' : 'failure'),
  })),
  'SSH SSH2_SESSION': [
    { match: 'SSH2 Session request from {source.ip:ip} {_:text}', set: act('ssh_session') },
  ],
  'SECURITY-SSHD INFO_SUCCESS': [
    {
      match: "Successfully authenticated user '{user.name:rest}' from '{source.ip:ip}' on {_:text}",
      set: login('success'),
    },
  ],
  'SECURITY-SSHD INFO_FAILURE': [
    {
      match: "Failed authentication attempt by user '{user.name:rest}' from '{source.ip:ip}' on {_:text}",
      set: login('failure'),
    },
  ],
  'SYS LOGOUT': [
    { match: 'User {user.name:rest} has exited tty session {_}({source.ip:ip})', set: act('logout') },
  ],
  'SYS PRIV_AUTH_FAIL': [
    {
      match: 'Authentication to Privilege level {_} failed by {user.name:rest} on {_} ({source.ip:ip})',
      set: { ...login('failure'), 'event.action': 'enable' },
    },
  ],
  'SYS PRIV_I': [
    { match: 'Privilege level set to {_} by {user.name:rest} on {_} ({source.ip:ip})', set: act('enable') },
    { match: 'Privilege level set to {_} by {user.name:rest} on {_}', set: act('enable') },
  ],
  'SNMP AUTHFAIL': [
    {
      match: 'Authentication failure for SNMP req from host {source.ip:ip}',
      set: { ...act('snmp'), 'event.outcome': 'failure' },
    },
  ],

  // What is done to the device
  'SYS CONFIG_I': [
    {
      match: 'Configured from {_} by {user.name:rest} on {_} ({source.ip:ip})',
      set: act('configuration_changed'),
    },
    { match: 'Configured from {_} by {_} ({source.ip:ip})', set: act('configuration_changed') },
    { match: 'Configured from {_} by {_:text}', set: act('configuration_changed') },
  ],
  'SYS CONFIG_P': [
    {
      match: 'Configured programmatically by process {process.name} from {_} as {user.name:rest} on {_}',
      set: act('configuration_changed'),
    },
  ],
  'SYS RELOAD': [
    {
      match: 'Reload requested by {user.name:rest} on {_} ({source.ip:ip}). {event.reason:text}',
      set: act('reload'),
    },
    { match: 'Reload requested {event.reason:text}', set: act('reload') },
  ],
  'SYS RESTART': [{ match: 'System restarted --{_:text}', set: act('restart') }],
  'PARSER CFGLOG_LOGGEDCMD': [
    { match: 'User:{user.name:text}  logged command:{process.command_line:text}', set: command },
  ],
  'AAA AAA_ACCOUNTING_MESSAGE': [
    {
      match: '{_}:{source.ip:ip}@{_}:{user.name}:{process.command_line:text} (SUCCESS)',
      set: { ...command, 'event.outcome': 'success' },
    },
    {
      match: '{_}:{source.ip:ip}@{_}:{user.name}:{process.command_line:text} (FAILURE)',
      set: { ...command, 'event.outcome': 'failure' },
    },
    { match: '{_}:{_}:{user.name}:{process.command_line:text}', set: command },
  ],
  'HA_EM LOG': [{ match: '{rule.name}: {process.command_line:text}', set: command }],
  'MGBL-CONFIG DB_COMMIT': [
    {
      match: "Configuration committed by user '{user.name:text}'. {_:text}",
      set: act('configuration_changed'),
    },
  ],
  'VSHD VSHD_SYSLOG_CONFIG_I': [
    {
      match: 'Configured from {_} by {user.name:rest} on {source.ip:ip}@{_}',
      set: act('configuration_changed'),
    },
  ],
  'WEBUI INSTALL_OPERATION_INFO': [
    { match: 'User: {user.name:text}, Install Operation: {event.reason:text}', set: act('install') },
  ],

  // What passes through it
  'SEC IPACCESSLOGP': logged,
  'SEC IPACCESSLOGDP': logged,
  'SEC IPACCESSLOGS': logged,
  'SEC IPACCESSLOGNP': logged,
  'SEC IPACCESSLOGRP': logged,
  'IPV6_ACL ACCESSLOGP': logged,
  'IPV6_ACL ACCESSLOGDP': logged,
  'LINK UPDOWN': state('Interface '),
  'LINEPROTO UPDOWN': state('Line protocol on Interface '),
  'PORT_SECURITY PSECURE_VIOLATION': [
    {
      match:
        'Security violation occurred, caused by MAC address {source.mac} on port {observer.ingress.interface.name}.',
      set: { ...deny, 'event.action': 'port_security' },
    },
  ],
  'SW_MATM MACFLAP_NOTIF': [
    {
      match: 'Host {source.mac} in vlan {network.vlan.id} is flapping {event.reason:text}',
      set: act('mac_flap'),
    },
  ],
  'DOT1X FAIL': [
    {
      match:
        'Authentication failed for client ({source.mac}) on Interface {observer.ingress.interface.name} {_:text}',
      set: { ...login('failure'), 'event.action': 'dot1x' },
    },
  ],

  // What it hears from its neighbours
  'TCP BADAUTH': badDigest,
  'IP-TCP BADAUTH': ['No', 'Invalid'].flatMap((word): PatternRow[] => {
    const packet = `${word} MD5 digest from {source.ip:ip}:{source.port:int} to {destination.ip:ip}:{destination.port:int}`;
    return [
      { match: packet, set: md5 },
      { match: `${packet} {_:text}`, set: md5 },
    ];
  }),
  'BGP ADJCHANGE': [{ match: 'neighbor {source.ip:ip} {event.reason:text}', set: act('neighbour_state') }],
  'OSPF ADJCHG': [
    {
      match: 'Process {_}, Nbr {source.ip:ip} on {observer.ingress.interface.name} {event.reason:text}',
      set: act('neighbour_state'),
    },
  ],
};

const tables: ReadonlyMap<string, PatternTable> = new Map(
  Object.entries(rows).map(([key, each]) => [key, new PatternTable(each)]),
);

/** Reads one message of a router or switch; what no row knows is kept with its facility, mnemonic and text. */
export function readIosMessage(draft: Draft, facility: string, mnemonic: string, message: string): void {
  draft.dataset = 'cisco.syslog';
  draft.fields.add('cisco.ios.facility', facility);
  // A member of a stack adds its number: `SYS-SW1`.
  const key = `${facility.replace(/-(?:SW\d|STDBY|SP|DFC).*$/, '')} ${mnemonic}`;
  tables.get(key)?.match(message.trimEnd(), draft.fields);
}
