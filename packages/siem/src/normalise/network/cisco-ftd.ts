import type { Draft } from '../fields.ts';
import { addKeyed, type KeyTable } from '../formats/extension.ts';

/** Keys of FTD's security events 430001 to 430005 (Cisco, "Secure Firewall Threat Defense Syslog Messages") by ECS name. */
const keys: KeyTable = {
  SrcIP: 'source.ip',
  DstIP: 'destination.ip',
  SrcPort: 'source.port',
  DstPort: 'destination.port',
  Protocol: 'network.transport',
  ApplicationProtocol: 'network.protocol',
  IngressInterface: 'observer.ingress.interface.name',
  EgressInterface: 'observer.egress.interface.name',
  AccessControlRuleName: 'rule.name',
  AccessControlRuleReason: 'event.reason',
  User: 'user.name',
  UserAgent: 'user_agent.original',
  URL: 'url.original',
  HTTP_Hostname: 'url.domain',
  HTTP_Referer: 'http.request.referrer',
  DNSQuery: 'dns.question.name',
  DNSRecordType: 'dns.question.type',
  InitiatorBytes: 'source.bytes',
  ResponderBytes: 'destination.bytes',
  InitiatorPackets: 'source.packets',
  ResponderPackets: 'destination.packets',
  FileName: 'file.name',
  FileSHA256: 'file.hash.sha256',
  ThreatName: 'threat.software.name',
  Message: 'rule.name',
  DeviceUUID: 'observer.serial_number',
  GID: 'cisco.ftd.gid',
  SID: 'rule.id',
};

const verdicts: Readonly<Record<string, readonly [string, string]>> = {
  Allow: ['accept', 'success'],
  Trust: ['accept', 'success'],
  Monitor: ['accept', 'success'],
  'Fast-path': ['accept', 'success'],
  Block: ['deny', 'failure'],
  'Block with reset': ['deny', 'failure'],
  'Interactive Block': ['deny', 'failure'],
};

const kinds: Readonly<Record<string, readonly string[]>> = {
  '430001': ['intrusion_detection'],
  '430002': ['network'],
  '430003': ['network'],
  '430004': ['file'],
  '430005': ['malware'],
};

const mostPairs = 128;

/**
 * Reads FTD's `Key: value, Key: value`. Values are not quoted and may hold commas; they end where `, Key: ` follows.
 * What was read first stands: addresses and ports come before what a remote user may write (URL, user agent).
 */
export function readFtdMessage(draft: Draft, code: string, message: string): void {
  const { fields } = draft;
  draft.dataset = 'cisco.ftd';
  const category = kinds[code];
  if (category) fields.add('event.category', category);
  const next = /(?:^|, )([A-Z][A-Za-z0-9_]{1,47}): /g;
  let key = '';
  let from = 0;
  const put = (value: string): void => {
    if (key === '' || value === '') return;
    if (key === 'AccessControlRuleAction' || key === 'InlineResult') {
      const [action, outcome] = (Object.hasOwn(verdicts, value) && verdicts[value]) || [];
      if (action) fields.offer('event.action', action);
      if (outcome) fields.offer('event.outcome', outcome);
    }
    addKeyed(fields, keys, 'cisco.ftd', key, value);
  };
  for (let count = 0; count < mostPairs; count++) {
    const match = next.exec(message);
    put(message.slice(from, match?.index ?? message.length).trimEnd());
    if (!match) return;
    key = match[1]!;
    from = next.lastIndex;
  }
}
