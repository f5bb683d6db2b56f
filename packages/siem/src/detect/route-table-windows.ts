import type { Event } from '@kydai/contracts';

/** Windows channels, in lower case, and Sigma's services. */
export const windowsChannels: ReadonlyMap<string, string> = new Map([
  ['security', 'security'],
  ['system', 'system'],
  ['application', 'application'],
  ['microsoft-windows-sysmon/operational', 'sysmon'],
  ['microsoft-windows-powershell/operational', 'powershell'],
  ['powershellcore/operational', 'powershell'],
  ['windows powershell', 'powershell-classic'],
  ['microsoft-windows-taskscheduler/operational', 'taskscheduler'],
  ['microsoft-windows-wmi-activity/operational', 'wmi'],
  ['microsoft-windows-windows defender/operational', 'windefend'],
  ['microsoft-windows-dns-client/operational', 'dns-client'],
  ['dns server', 'dns-server'],
  ['microsoft-windows-dns-server/audit', 'dns-server-audit'],
  ['microsoft-windows-dnsserver/analytical', 'dns-server-analytic'],
  ['microsoft-windows-driverframeworks-usermode/operational', 'driver-framework'],
  ['microsoft-windows-ntlm/operational', 'ntlm'],
  ['microsoft-windows-dhcp-server/operational', 'dhcp'],
  ['msexchange management', 'msexchange-management'],
  ['microsoft-windows-applocker/exe and dll', 'applocker'],
  ['microsoft-windows-applocker/msi and script', 'applocker'],
  ['microsoft-windows-applocker/packaged app-deployment', 'applocker'],
  ['microsoft-windows-applocker/packaged app-execution', 'applocker'],
  ['microsoft-windows-printservice/admin', 'printservice-admin'],
  ['microsoft-windows-printservice/operational', 'printservice-operational'],
  [
    'microsoft-windows-terminalservices-localsessionmanager/operational',
    'terminalservices-localsessionmanager',
  ],
  ['microsoft-windows-smbclient/security', 'smbclient-security'],
  ['microsoft-windows-smbclient/connectivity', 'smbclient-connectivity'],
  ['microsoft-windows-smbserver/connectivity', 'smbserver-connectivity'],
  ['microsoft-windows-codeintegrity/operational', 'codeintegrity-operational'],
  ['microsoft-windows-windows firewall with advanced security/firewall', 'firewall-as'],
  ['microsoft-windows-bits-client/operational', 'bits-client'],
  ['microsoft-windows-security-mitigations/kernel mode', 'security-mitigations'],
  ['microsoft-windows-security-mitigations/user mode', 'security-mitigations'],
  ['microsoft-windows-diagnosis-scripted/operational', 'diagnosis-scripted'],
  ['microsoft-windows-shell-core/operational', 'shell-core'],
  ['openssh/operational', 'openssh'],
  ['microsoft-windows-ldap-client/debug', 'ldap'],
  ['microsoft-windows-appxdeploymentserver/operational', 'appxdeployment-server'],
  ['microsoft-windows-appxpackaging/operational', 'appxpackaging-om'],
  ['microsoft-windows-appmodel-runtime/admin', 'appmodel-runtime'],
  ['microsoft-windows-lsa/operational', 'lsa-server'],
  ['microsoft-windows-capi2/operational', 'capi2'],
  [
    'microsoft-windows-certificateservicesclient-lifecycle-system/operational',
    'certificateservicesclient-lifecycle-system',
  ],
  ['microsoft-iis-configuration/operational', 'iis-configuration'],
  ['microsoft-servicebus-client/admin', 'microsoft-servicebus-client'],
  ['microsoft-servicebus-client/operational', 'microsoft-servicebus-client'],
]);

type Categories = string | ((event: Event) => readonly string[]);

/** Sysmon's event ids (Sysmon schema 4.90) and Sigma's categories. */
export const sysmonCategories: ReadonlyMap<string, Categories> = new Map<string, Categories>([
  ['1', 'process_creation'],
  ['2', 'file_change'],
  ['3', 'network_connection'],
  ['4', 'sysmon_status'],
  ['5', 'process_termination'],
  ['6', 'driver_load'],
  ['7', 'image_load'],
  ['8', 'create_remote_thread'],
  ['9', 'raw_access_thread'],
  ['10', 'process_access'],
  ['11', 'file_event'],
  ['12', (event) => registryCategories(event)],
  ['13', () => ['registry_set', 'registry_event']],
  ['14', () => ['registry_rename', 'registry_event']],
  ['15', 'create_stream_hash'],
  ['16', 'sysmon_status'],
  ['17', 'pipe_created'],
  ['18', 'pipe_created'],
  ['19', 'wmi_event'],
  ['20', 'wmi_event'],
  ['21', 'wmi_event'],
  ['22', 'dns_query'],
  ['23', 'file_delete'],
  ['24', 'clipboard_capture'],
  ['25', 'process_tampering'],
  ['26', 'file_delete'],
  ['27', 'file_block_executable'],
  ['28', 'file_block_shredding'],
  ['29', 'file_executable_detected'],
  ['255', 'sysmon_error'],
]);

function registryCategories(event: Event): readonly string[] {
  const type = event.fields.get('EventType');
  const added = typeof type === 'string' && type.startsWith('Create');
  return [added ? 'registry_add' : 'registry_delete', 'registry_event'];
}

/** `<service> <event id>` of other channels that carry a category of Sigma's. */
export const windowsEvents: ReadonlyMap<string, Categories> = new Map<string, Categories>([
  ['security 4688', 'process_creation'],
  ['powershell 4103', 'ps_module'],
  ['powershell 4104', 'ps_script'],
  ['powershell-classic 400', 'ps_classic_start'],
  ['powershell-classic 600', 'ps_classic_provider_start'],
  ['powershell-classic 800', 'ps_classic_script'],
  ['windefend 1006', 'antivirus'],
  ['windefend 1116', 'antivirus'],
  ['windefend 1117', 'antivirus'],
]);
