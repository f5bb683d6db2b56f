export interface StreamRow {
  readonly products?: readonly string[];
  readonly categories?: readonly string[];
  readonly services?: readonly string[];
}

interface StreamRows extends StreamRow {
  /** The field whose value chooses a further row. */
  readonly refine?: string;
  readonly values?: Readonly<Record<string, StreamRow>>;
}

const web = ['webserver'];
const linux = ['linux'];
const cisco = ['cisco'];
const azure = ['azure'];

/** Elastic's endpoint writes one dataset for all systems. */
const onAnySystem = (categories: readonly string[]): StreamRows => ({
  refine: 'host.os.type',
  values: Object.fromEntries(
    ['linux', 'macos', 'windows'].map((product) => [product, { products: [product], categories }]),
  ),
});

/** Which log sources of Sigma a dataset holds. Every dataset is also a service and a category by its own name. */
export const streams: ReadonlyMap<string, StreamRows> = new Map<string, StreamRows>([
  ['sshd.auth', { products: linux, services: ['sshd', 'auth'], categories: ['authentication'] }],
  [
    'linux.auth',
    {
      products: linux,
      services: ['auth'],
      categories: ['authentication'],
      refine: 'process.name',
      values: { sudo: { services: ['sudo'] }, su: { services: ['su'] } },
    },
  ],
  [
    'linux.syslog',
    {
      products: linux,
      services: ['syslog'],
      refine: 'process.name',
      values: {
        cron: { services: ['cron'] },
        CRON: { services: ['cron'] },
        crond: { services: ['cron'] },
        crontab: { services: ['cron'] },
        clamd: { services: ['clamav'], categories: ['antivirus'] },
        freshclam: { services: ['clamav'] },
        vsftpd: { services: ['vsftpd'] },
        guacd: { services: ['guacamole'] },
        named: { services: ['named'] },
      },
    },
  ],
  ['auditd.log', { products: linux, services: ['auditd'] }],
  ['linux.process', { products: linux, categories: ['process_creation'] }],
  ['linux.file', { products: linux, categories: ['file_event'] }],
  ['linux.network', { products: linux, categories: ['network_connection'] }],
  ['macos.process', { products: ['macos'], categories: ['process_creation'] }],
  ['macos.file', { products: ['macos'], categories: ['file_event'] }],
  ['endpoint.events.process', onAnySystem(['process_creation'])],
  ['endpoint.events.file', onAnySystem(['file_event'])],
  ['endpoint.events.network', onAnySystem(['network_connection'])],
  ['endpoint.events.library', onAnySystem(['image_load'])],
  ['endpoint.events.registry', onAnySystem(['registry_event', 'registry_set'])],
  ['nginx.access', { categories: web, services: ['nginx'] }],
  ['nginx.error', { services: ['nginx'] }],
  ['apache.access', { categories: web, services: ['apache'] }],
  ['apache.error', { services: ['apache'] }],
  ['iis.access', { products: ['windows'], categories: web, services: ['iis'] }],
  ['iis.error', { products: ['windows'], categories: web, services: ['iis'] }],
  ['w3c.access', { categories: web }],
  ['aws.cloudfront', { products: ['aws'], categories: web, services: ['cloudfront'] }],
  ['squid.access', { categories: ['proxy'] }],
  ['proxy.log', { categories: ['proxy'] }],
  ['firewall.log', { categories: ['firewall'] }],
  ['iptables.log', { categories: ['firewall'], products: linux, services: ['iptables'] }],
  ['flow.log', { categories: ['firewall', 'network_connection'], services: ['flow'] }],
  ['dns.log', { categories: ['dns'] }],
  ['antivirus.log', { categories: ['antivirus'] }],
  ['database.log', { categories: ['database'] }],
  ['zeek.dns', { products: ['zeek'], services: ['dns'], categories: ['dns'] }],
  ['zeek.http', { products: ['zeek'], services: ['http'] }],
  ['zeek.x509', { products: ['zeek'], services: ['x509'] }],
  ['zeek.rdp', { products: ['zeek'], services: ['rdp'] }],
  ['zeek.kerberos', { products: ['zeek'], services: ['kerberos'] }],
  ['zeek.smb_files', { products: ['zeek'], services: ['smb_files'] }],
  ['zeek.dce_rpc', { products: ['zeek'], services: ['dce_rpc'] }],
  ['zeek.connection', { products: ['zeek'], services: ['conn'], categories: ['firewall'] }],
  ...['alert', 'dns', 'http', 'tls', 'flow', 'fileinfo', 'ssh', 'smb'].map((kind): [string, StreamRows] => [
    `suricata.${kind}`,
    { products: ['suricata'], services: [kind] },
  ]),
  ['aws.cloudtrail', { products: ['aws'], services: ['cloudtrail'] }],
  ['azure.activitylogs', { products: azure, services: ['activitylogs'] }],
  ['azure.auditlogs', { products: azure, services: ['auditlogs', 'pim'] }],
  ['azure.signinlogs', { products: azure, services: ['signinlogs'] }],
  ['azure.identity_protection', { products: azure, services: ['riskdetection'] }],
  ['gcp.audit', { products: ['gcp'], services: ['gcp.audit'] }],
  ['google_workspace.admin', { products: ['gcp'], services: ['google_workspace.admin'] }],
  ['google_workspace.login', { products: ['gcp'], services: ['google_workspace.login'] }],
  [
    'o365.audit',
    { products: ['m365'], services: ['audit', 'exchange', 'threat_management', 'threat_detection'] },
  ],
  ['okta.system', { products: ['okta'], services: ['okta'] }],
  ['onelogin.events', { products: ['onelogin'], services: ['onelogin.events'] }],
  ['github.audit', { products: ['github'], services: ['audit'] }],
  ['bitbucket.audit', { products: ['bitbucket'], services: ['audit'] }],
  ['kubernetes.audit_logs', { products: ['kubernetes'], services: ['audit'], categories: ['application'] }],
  ['opencanary.log', { products: ['opencanary'], categories: ['application'] }],
  ['cisco.aaa', { products: cisco, services: ['aaa'] }],
  [
    'cisco.syslog',
    {
      products: cisco,
      services: ['syslog', 'ldp', 'bgp'],
      refine: 'event.code',
      values: {
        // The commands that people gave: archive logging, accounting of NX-OS, an EEM applet.
        CFGLOG_LOGGEDCMD: { services: ['aaa'] },
        AAA_ACCOUNTING_MESSAGE: { services: ['aaa'] },
        LOG: { services: ['aaa'] },
        IPACCESSLOGP: { categories: ['firewall'] },
        IPACCESSLOGDP: { categories: ['firewall'] },
        IPACCESSLOGNP: { categories: ['firewall'] },
        IPACCESSLOGS: { categories: ['firewall'] },
        ACCESSLOGP: { categories: ['firewall'] },
      },
    },
  ],
  [
    'cisco.asa',
    {
      products: cisco,
      services: ['asa'],
      categories: ['firewall'],
      refine: 'event.code',
      values: Object.fromEntries(
        ['111008', '111009', '111010'].map((code): [string, StreamRow] => [code, { services: ['aaa'] }]),
      ),
    },
  ],
  ['cisco.ftd', { products: cisco, services: ['ftd'], categories: ['firewall'] }],
  ['cisco.duo', { products: ['cisco'], services: ['duo'] }],
  ['huawei.syslog', { products: ['huawei'], services: ['bgp'] }],
  ['juniper.syslog', { products: ['juniper'], services: ['bgp'] }],
  [
    'fortinet.fortigate',
    {
      products: ['fortigate', 'fortios'],
      services: ['event', 'sslvpnd'],
      refine: 'fortinet.firewall.subtype',
      values: {
        forward: { categories: ['firewall'] },
        local: { categories: ['firewall'] },
        multicast: { categories: ['firewall'] },
        sniffer: { categories: ['firewall'] },
        webfilter: { categories: ['proxy'] },
        dns: { categories: ['dns'] },
        virus: { categories: ['antivirus'] },
      },
    },
  ],
  ['paloalto.traffic', { products: ['paloalto'], services: ['traffic'], categories: ['firewall'] }],
  [
    'paloalto.threat',
    {
      products: ['paloalto'],
      services: ['threat'],
      refine: 'panw.panos.sub_type',
      values: {
        url: { categories: ['proxy'] },
        virus: { categories: ['antivirus'] },
        wildfire: { categories: ['antivirus'] },
      },
    },
  ],
  [
    'paloalto.globalprotect',
    { products: ['paloalto'], services: ['globalprotect'], categories: ['appliance', 'file_event'] },
  ],
  ['rpc_firewall.log', { products: ['rpc_firewall'], categories: ['application'] }],
  ['jvm.log', { products: ['jvm'], categories: ['application'] }],
  ['spring.log', { products: ['spring', 'jvm'], categories: ['application'] }],
  ['django.log', { products: ['django', 'python'], categories: ['application'] }],
  ['python.log', { products: ['python'], categories: ['application'] }],
  ['nodejs.log', { products: ['nodejs'], categories: ['application'] }],
  ['ruby.log', { products: ['ruby_on_rails'], categories: ['application'] }],
  ['velocity.log', { products: ['velocity'], categories: ['application'] }],
  ['sql.log', { products: ['sql'], categories: ['application', 'database'] }],
]);
