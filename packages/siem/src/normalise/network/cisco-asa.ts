// One file because it is one table: what each message id of ASA, PIX, FWSM and FTD says.
import type { Draft } from '../fields.ts';
import { type PatternRow, PatternTable } from '../pattern.ts';

const accept = {
  'event.action': 'accept',
  'event.outcome': 'success',
  'event.category': ['network'],
} as const;
const deny = { 'event.action': 'deny', 'event.outcome': 'failure', 'event.category': ['network'] } as const;
const close = { 'event.action': 'close', 'event.category': ['network'] } as const;
const login = (action: string, outcome: 'success' | 'failure') => ({
  'event.action': action,
  'event.outcome': outcome,
  'event.category': ['authentication'],
});
const signIn = (outcome: 'success' | 'failure') => login('login', outcome);
const vpn = (outcome: 'success' | 'failure') => login('vpn_login', outcome);
const act = (action: string) => ({ 'event.action': action });

const id = '{cisco.asa.connection_id}';
const inside = (side: 'source' | 'destination', gate: 'ingress' | 'egress') =>
  `{observer.${gate}.interface.name}:{${side}.ip:host}/{${side}.port:int}`;
const natted = (side: 'source' | 'destination') => `({${side}.nat.ip:ip}/{${side}.nat.port:int})`;
const from = '{source.ip:host}/{source.port:int}';
const to = '{destination.ip:host}/{destination.port:int}';
const at = ' on interface {observer.ingress.interface.name}';
const vpnUser = 'Group <{group.name:text}> User <{user.name:rest}> IP <{source.ip:ip}>';
const vpnName = 'Group = {group.name:text}, Username = {user.name:rest}, IP = {source.ip:ip}';

/** Built and torn down connections. Which end began is said when one is built; it then comes first or, outbound, second. */
function connections(protocol: string): readonly PatternRow[] {
  const transport = { 'network.transport': protocol.toLowerCase() };
  const built = { ...accept, ...transport };
  const inbound = `Built inbound ${protocol} connection ${id} for ${inside('source', 'ingress')} `;
  const outbound = `Built outbound ${protocol} connection ${id} for ${inside('destination', 'egress')} `;
  const torn = `Teardown ${protocol} connection ${id} for ${inside('source', 'ingress')}`;
  const ended = 'duration {cisco.asa.duration} bytes {network.bytes:int}';
  return [
    {
      match: `${inbound}${natted('source')} to ${inside('destination', 'egress')} ${natted('destination')}`,
      set: built,
    },
    { match: `${inbound}({_:text}) to ${inside('destination', 'egress')} ({_}){_:text}`, set: built },
    {
      match: `${outbound}${natted('destination')} to ${inside('source', 'ingress')} ${natted('source')}`,
      set: built,
    },
    { match: `${outbound}({_:text}) to ${inside('source', 'ingress')} ({_}){_:text}`, set: built },
    {
      match: `${torn} to ${inside('destination', 'egress')} ${ended} {event.reason:text}`,
      set: { ...close, ...transport },
    },
    { match: `${torn} to ${inside('destination', 'egress')} ${ended}`, set: { ...close, ...transport } },
    {
      match: `${torn}({_:text}) to ${inside('destination', 'egress')} ${ended} {event.reason:text}`,
      set: { ...close, ...transport },
    },
    {
      match: `${torn}({_:text}) to ${inside('destination', 'egress')}({_:text}) ${ended} {event.reason:text}`,
      set: { ...close, ...transport },
    },
  ];
}

const icmp = 'faddr {source.ip:host}/{_} gaddr {_} laddr {destination.ip:host}/{_:text}';
const listed = `{network.transport} {observer.ingress.interface.name}/{source.ip:host}({source.port:int})`;
const denied = 'Deny {network.transport} src {observer.ingress.interface.name}:';
const group = 'by access-group "{rule.name:text}" {_:text}';

/** What ASA (and PIX, FWSM, FTD's LINA engine) says, by message id, as data: Cisco's "Syslog Messages" guide for 9.x. */
const rows: Readonly<Record<string, readonly PatternRow[]>> = {
  '302013': connections('TCP'),
  '302014': connections('TCP'),
  '302015': connections('UDP'),
  '302016': connections('UDP'),
  '302020': [
    {
      match: `Built {network.direction} ICMP connection for ${icmp}`,
      set: { ...accept, 'network.transport': 'icmp' },
    },
  ],
  '302021': [
    { match: `Teardown ICMP connection for ${icmp}`, set: { ...close, 'network.transport': 'icmp' } },
  ],
  '106001': [
    {
      match: `Inbound TCP connection denied from ${from} to ${to} flags {_:text}${at}`,
      set: { ...deny, 'network.transport': 'tcp' },
    },
  ],
  '106006': [
    { match: `Deny inbound UDP from ${from} to ${to}${at}`, set: { ...deny, 'network.transport': 'udp' } },
  ],
  '106007': [
    {
      match: `Deny inbound UDP from ${from} to ${to} due to {event.reason:text}`,
      set: { ...deny, 'network.transport': 'udp' },
    },
  ],
  '106010': [
    {
      match: `Deny inbound {network.transport} src ${inside('source', 'ingress')} dst ${inside('destination', 'egress')}`,
      set: deny,
    },
    {
      match: 'Deny inbound {network.transport} src {_}:{source.ip:host} dst {_}:{destination.ip:host}',
      set: deny,
    },
  ],
  '106014': [
    {
      match: `Deny inbound icmp src {observer.ingress.interface.name}:{source.ip:host} dst {_}:{destination.ip:host} ({_:text}`,
      set: { ...deny, 'network.transport': 'icmp' },
    },
  ],
  '106015': [
    {
      match: `Deny TCP (no connection) from ${from} to ${to} flags {_:text}${at}`,
      set: { ...deny, 'network.transport': 'tcp', 'event.reason': 'no connection' },
    },
  ],
  '106016': [
    {
      match: `Deny IP spoof from ({source.ip:ip}) to {destination.ip:ip}${at}`,
      set: { ...deny, 'event.reason': 'spoofed' },
    },
  ],
  '106017': [
    {
      match: 'Deny IP due to Land Attack from {source.ip:ip} to {destination.ip:ip}',
      set: { ...deny, 'event.reason': 'land attack' },
    },
  ],
  '106021': [
    {
      match: `Deny {network.transport} reverse path check from {source.ip:ip} to {destination.ip:ip}${at}`,
      set: { ...deny, 'event.reason': 'reverse path check' },
    },
  ],
  '106023': [
    { match: `${denied}${from} dst {_}:${to} ${group}`, set: deny },
    { match: `${denied}${from}({_:text}) dst {_}:${to}({_:text}) ${group}`, set: deny },
    { match: `${denied}{source.ip:host} dst {_}:{destination.ip:host} ({_:text}) ${group}`, set: deny },
    {
      match: `Deny protocol {network.iana_number:int} src {_}:{source.ip:host} dst {_}:{destination.ip:host} ${group}`,
      set: deny,
    },
    { match: `${denied}{source.ip:host} dst {_}:{destination.ip:host} ${group}`, set: deny },
  ],
  '106100': (['permitted', 'denied', 'est-allowed'] as const).map((word) => ({
    match: `access-list {rule.name} ${word} ${listed} -> {observer.egress.interface.name}/{destination.ip:host}({destination.port:int}) {_:text}`,
    set: word === 'denied' ? deny : accept,
  })),
  '710002': ['TCP', 'UDP'].map((protocol) => ({
    match: `${protocol} access permitted from ${from} to {_}:{destination.ip:host}/{destination.port}`,
    set: { ...accept, 'network.transport': protocol.toLowerCase() },
  })),
  '710003': ['TCP', 'UDP'].map((protocol) => ({
    match: `${protocol} access denied by ACL from ${from} to {_}:{destination.ip:host}/{destination.port}`,
    set: { ...deny, 'network.transport': protocol.toLowerCase() },
  })),
  '710005': ['TCP', 'UDP'].map((protocol) => ({
    match: `${protocol} request discarded from ${from} to {_}:{destination.ip:host}/{destination.port}`,
    set: { ...deny, 'network.transport': protocol.toLowerCase() },
  })),
  '313001': [
    {
      match: `Denied ICMP type={_}, code={_} from {source.ip:ip}${at}`,
      set: { ...deny, 'network.transport': 'icmp' },
    },
  ],
  '313005': [{ match: 'No matching connection for ICMP error message: {_:text}', set: deny }],
  '401004': [
    {
      match: `Shunned packet: {source.ip:ip} ==> {destination.ip:ip}${at}`,
      set: { ...deny, 'event.reason': 'shunned' },
    },
  ],
  '304001': [
    {
      match: '{user.name}@{source.ip:ip} Accessed URL {destination.ip:ip}:{url.original:text}',
      set: { 'event.action': 'url_accessed' },
    },
    {
      match: '{source.ip:ip} Accessed URL {destination.ip:ip}:{url.original:text}',
      set: { 'event.action': 'url_accessed' },
    },
  ],
  '304002': [
    {
      match:
        'Access denied URL {url.original:rest} SRC {source.ip:ip} DEST {destination.ip:ip} on interface {_}',
      set: deny,
    },
  ],
  '733100': [
    {
      match: '[{rule.name:text}] drop rate-{_} exceeded. {event.reason:text}',
      set: act('threat_rate_exceeded'),
    },
  ],
  '733101': [{ match: '{_} {source.ip:ip} is {event.reason:text}', set: act('threat_detected') }],
  '733102': [{ match: 'Threat-detection adds host {source.ip:ip} to shun list', set: act('shun') }],

  // Who signs in, to the network and to the device
  '113004': [
    {
      match: 'AAA user {_:text} Successful : server = {_:text}: user = {user.name:text}',
      set: signIn('success'),
    },
  ],
  '113005': [
    {
      match:
        'AAA user authentication Rejected : reason = {event.reason:text} : server = {_:text} : user = {user.name:rest} : user IP = {source.ip:ip}',
      set: signIn('failure'),
    },
    {
      match:
        'AAA user authentication Rejected : reason = {event.reason:text} : server = {_:text} : user = {user.name:text}',
      set: signIn('failure'),
    },
  ],
  '113006': [
    {
      match:
        'User {user.name:rest} locked out on exceeding {_:int} successive failed authentication attempts',
      set: act('user_locked'),
    },
  ],
  '113007': [{ match: 'User {user.name:rest} unlocked by {_:text}', set: act('user_unlocked') }],
  '113012': [
    {
      match: 'AAA user authentication Successful : local database : user = {user.name:text}',
      set: signIn('success'),
    },
  ],
  '113015': [
    {
      match:
        'AAA user authentication Rejected : reason = {event.reason:text} : local database : user = {user.name:rest} : user IP = {source.ip:ip}',
      set: signIn('failure'),
    },
    {
      match:
        'AAA user authentication Rejected : reason = {event.reason:text} : local database : user = {user.name:text}',
      set: signIn('failure'),
    },
  ],
  '113019': [
    {
      match: `${vpnName}, Session disconnected. Session Type: {_:text}, Duration: {cisco.asa.duration:text}, Bytes xmt: {destination.bytes:int}, Bytes rcv: {source.bytes:int}, Reason: {event.reason:text}`,
      set: act('vpn_logout'),
    },
  ],
  '113039': [{ match: `${vpnUser} AnyConnect parent session started.`, set: act('vpn_session') }],
  '109005': [
    {
      match: `Authentication succeeded for user '{user.name:rest}' from ${from} to {_}${at}`,
      set: signIn('success'),
    },
  ],
  '109006': [
    {
      match: `Authentication failed for user '{user.name:rest}' from ${from} to {_}${at}`,
      set: signIn('failure'),
    },
  ],
  '605004': [
    {
      match: `Login denied from {source.ip:ip}/{source.port} to {_}:{destination.ip:ip}/{network.protocol} for user "{user.name:text}"`,
      set: signIn('failure'),
    },
  ],
  '605005': [
    {
      match: `Login permitted from {source.ip:ip}/{source.port} to {_}:{destination.ip:ip}/{network.protocol} for user "{user.name:text}"`,
      set: signIn('success'),
    },
  ],
  '611101': [
    {
      match: 'User authentication succeeded: IP address: {source.ip:ip}, Uname: {user.name:text}',
      set: signIn('success'),
    },
    { match: 'User authentication succeeded: Uname: {user.name:text}', set: signIn('success') },
  ],
  '611102': [
    {
      match: 'User authentication failed: IP address: {source.ip:ip}, Uname: {user.name:text}',
      set: signIn('failure'),
    },
    { match: 'User authentication failed: Uname: {user.name:text}', set: signIn('failure') },
  ],
  '611103': [{ match: 'User logged out: Uname: {user.name:text}', set: act('logout') }],
  '308001': [
    {
      match: 'console enable password incorrect for {_:int} tries (from {source.ip:host})',
      set: login('enable', 'failure'),
    },
  ],
  '315011': [
    {
      match:
        'SSH session from {source.ip:ip} on interface {_} for user "{user.name:rest}" {event.reason:text}',
      set: act('logout'),
    },
  ],
  '716001': [{ match: `${vpnUser} WebVPN session started.`, set: act('vpn_session') }],
  '716002': [{ match: `${vpnUser} WebVPN session terminated: {event.reason:text}.`, set: act('vpn_logout') }],
  '716038': [{ match: `${vpnUser} Authentication: successful, {_:text}`, set: vpn('success') }],
  '716039': [{ match: `${vpnUser} Authentication: rejected, {_:text}`, set: vpn('failure') }],
  '716058': [
    { match: `${vpnUser} AnyConnect session lost connection. {event.reason:text}`, set: act('vpn_lost') },
  ],
  '722022': [{ match: `${vpnUser} {_} SVC connection established {_:text}`, set: act('vpn_session') }],
  '722023': [{ match: `${vpnUser} {_} SVC connection terminated {_:text}`, set: act('vpn_logout') }],
  '722051': [
    { match: `${vpnUser} IPv4 Address <{source.nat.ip:ip}> {_:text}`, set: act('vpn_session') },
    { match: `${vpnUser} Address <{source.nat.ip:ip}> assigned to session`, set: act('vpn_session') },
  ],
  '713228': [
    {
      match: `${vpnName}, Assigned private IP address {source.nat.ip:ip} to remote user`,
      set: act('vpn_session'),
    },
  ],

  // What is done to the device
  '111001': [
    { match: 'Begin configuration: {source.ip:host} writing to {_}', set: act('configuration_written') },
  ],
  '111008': [
    {
      match: "User '{user.name:text}' executed the '{process.command_line:text}' command.",
      set: act('command'),
    },
  ],
  '111009': [
    { match: "User '{user.name:text}' executed cmd: {process.command_line:text}", set: act('command') },
  ],
  '111010': [
    {
      match:
        "User '{user.name:text}', running '{process.name:text}' from IP {source.ip:host}, executed '{process.command_line:text}'",
      set: act('command'),
    },
  ],
  '502101': [
    { match: 'New user added to local dbase: Uname: {user.name} {_:text}', set: act('user_created') },
  ],
  '502102': [
    { match: 'User deleted from local dbase: Uname: {user.name} {_:text}', set: act('user_deleted') },
  ],
  '502103': [
    {
      match: 'User priv level changed: Uname: {user.name} From: {_:int} To: {cisco.asa.privilege:int}',
      set: act('user_privilege_changed'),
    },
  ],
  '104001': [{ match: '({_:text}) Switching to ACTIVE{event.reason:text}', set: act('failover') }],
  '104002': [{ match: '({_:text}) Switching to STANDBY{event.reason:text}', set: act('failover') }],
  '199002': [{ match: '{_:text}startup begun', set: act('restart') }],
};

const tables: ReadonlyMap<string, PatternTable> = new Map(
  Object.entries(rows).map(([code, each]) => [code, new PatternTable(each)]),
);

/** Reads one message of ASA by its id; what no row knows is kept with its id, severity and text. */
export function readAsaMessage(draft: Draft, code: string, message: string): void {
  draft.dataset = 'cisco.asa';
  tables.get(code)?.match(message.trimEnd(), draft.fields);
}
