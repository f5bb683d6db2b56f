// One file because it is one table: MITRE ATT&CK 18.1, techniques without their sub-techniques.
// © The MITRE Corporation. This work is reproduced and distributed with the permission of The MITRE Corporation.

/** Technique ids by tactic, in the order of the matrices of ATT&CK. */
export const attackTactics: Readonly<Record<'enterprise' | 'ics', Readonly<Record<string, string>>>> = {
  enterprise: {
    reconnaissance: 'T1595 T1592 T1589 T1590 T1591 T1598 T1597 T1596 T1593 T1681 T1594',
    'resource-development': 'T1650 T1583 T1586 T1584 T1587 T1585 T1588 T1608',
    'initial-access': 'T1659 T1189 T1190 T1133 T1200 T1566 T1091 T1195 T1199 T1078 T1669',
    execution:
      'T1651 T1059 T1609 T1610 T1675 T1203 T1674 T1559 T1106 T1677 T1053 T1648 T1129 T1072 T1569 T1204 ' +
      'T1047',
    persistence:
      'T1098 T1197 T1547 T1037 T1671 T1554 T1136 T1543 T1546 T1668 T1133 T1574 T1525 T1556 T1112 T1137 ' +
      'T1653 T1542 T1053 T1505 T1176 T1205 T1078',
    'privilege-escalation':
      'T1548 T1134 T1098 T1547 T1037 T1543 T1484 T1611 T1546 T1068 T1574 T1055 T1053 T1078',
    'defense-evasion':
      'T1548 T1134 T1197 T1612 T1622 T1678 T1140 T1610 T1006 T1484 T1672 T1480 T1211 T1222 T1564 T1574 ' +
      'T1562 T1656 T1070 T1202 T1036 T1556 T1578 T1666 T1112 T1601 T1599 T1027 T1647 T1542 T1055 T1620 ' +
      'T1207 T1014 T1679 T1553 T1218 T1216 T1221 T1205 T1127 T1535 T1550 T1078 T1497 T1600 T1220',
    'credential-access':
      'T1557 T1110 T1555 T1212 T1187 T1606 T1056 T1556 T1111 T1621 T1040 T1003 T1528 T1649 T1558 T1539 ' +
      'T1552',
    discovery:
      'T1087 T1010 T1217 T1580 T1538 T1526 T1619 T1613 T1622 T1652 T1482 T1083 T1615 T1680 T1654 T1046 ' +
      'T1135 T1040 T1201 T1120 T1069 T1057 T1012 T1018 T1518 T1082 T1614 T1016 T1049 T1033 T1007 T1124 ' +
      'T1673 T1497',
    'lateral-movement': 'T1210 T1534 T1570 T1563 T1021 T1091 T1072 T1080 T1550',
    collection:
      'T1557 T1560 T1123 T1119 T1185 T1115 T1530 T1602 T1213 T1005 T1039 T1025 T1074 T1114 T1056 T1113 ' +
      'T1125',
    'command-and-control':
      'T1071 T1092 T1659 T1132 T1001 T1568 T1573 T1008 T1665 T1105 T1104 T1095 T1571 T1572 T1090 T1219 ' +
      'T1205 T1102',
    exfiltration: 'T1020 T1030 T1048 T1041 T1011 T1052 T1567 T1029 T1537',
    impact: 'T1531 T1485 T1486 T1565 T1491 T1561 T1667 T1499 T1657 T1495 T1490 T1498 T1496 T1489 T1529',
  },
  ics: {
    'initial-access': 'T0817 T0819 T0866 T0822 T0883 T0886 T0847 T0848 T0865 T0862 T0864 T0860',
    execution: 'T0895 T0858 T0807 T0871 T0823 T0874 T0821 T0834 T0853 T0863',
    persistence: 'T0891 T0889 T0839 T0873 T0857 T0859',
    'privilege-escalation': 'T0890 T0874',
    evasion: 'T0858 T0820 T0872 T0849 T0851 T0856 T0894',
    discovery: 'T0840 T0842 T0846 T0888 T0887',
    'lateral-movement': 'T0812 T0866 T0891 T0867 T0843 T0886 T0859',
    collection: 'T0830 T0802 T0811 T0893 T0868 T0877 T0801 T0861 T0845 T0852 T0887',
    'command-and-control': 'T0885 T0884 T0869',
    'inhibit-response-function':
      'T0800 T0878 T0803 T0804 T0805 T0892 T0809 T0814 T0816 T0835 T0838 T0851 T0881 T0857',
    'impair-process-control': 'T0806 T0836 T0839 T0856 T0855',
    impact: 'T0879 T0813 T0815 T0826 T0827 T0828 T0837 T0880 T0829 T0831 T0832 T0882',
  },
};

/** The names of the techniques, one a line. */
export const attackNames = `
T0800 Activate Firmware Update Mode
T0801 Monitor Process State
T0802 Automated Collection
T0803 Block Command Message
T0804 Block Reporting Message
T0805 Block Serial COM
T0806 Brute Force I/O
T0807 Command-Line Interface
T0809 Data Destruction
T0811 Data from Information Repositories
T0812 Default Credentials
T0813 Denial of Control
T0814 Denial of Service
T0815 Denial of View
T0816 Device Restart/Shutdown
T0817 Drive-by Compromise
T0819 Exploit Public-Facing Application
T0820 Exploitation for Evasion
T0821 Modify Controller Tasking
T0822 External Remote Services
T0823 Graphical User Interface
T0826 Loss of Availability
T0827 Loss of Control
T0828 Loss of Productivity and Revenue
T0829 Loss of View
T0830 Adversary-in-the-Middle
T0831 Manipulation of Control
T0832 Manipulation of View
T0834 Native API
T0835 Manipulate I/O Image
T0836 Modify Parameter
T0837 Loss of Protection
T0838 Modify Alarm Settings
T0839 Module Firmware
T0840 Network Connection Enumeration
T0842 Network Sniffing
T0843 Program Download
T0845 Program Upload
T0846 Remote System Discovery
T0847 Replication Through Removable Media
T0848 Rogue Master
T0849 Masquerading
T0851 Rootkit
T0852 Screen Capture
T0853 Scripting
T0855 Unauthorized Command Message
T0856 Spoof Reporting Message
T0857 System Firmware
T0858 Change Operating Mode
T0859 Valid Accounts
T0860 Wireless Compromise
T0861 Point & Tag Identification
T0862 Supply Chain Compromise
T0863 User Execution
T0864 Transient Cyber Asset
T0865 Spearphishing Attachment
T0866 Exploitation of Remote Services
T0867 Lateral Tool Transfer
T0868 Detect Operating Mode
T0869 Standard Application Layer Protocol
T0871 Execution through API
T0872 Indicator Removal on Host
T0873 Project File Infection
T0874 Hooking
T0877 I/O Image
T0878 Alarm Suppression
T0879 Damage to Property
T0880 Loss of Safety
T0881 Service Stop
T0882 Theft of Operational Information
T0883 Internet Accessible Device
T0884 Connection Proxy
T0885 Commonly Used Port
T0886 Remote Services
T0887 Wireless Sniffing
T0888 Remote System Information Discovery
T0889 Modify Program
T0890 Exploitation for Privilege Escalation
T0891 Hardcoded Credentials
T0892 Change Credential
T0893 Data from Local System
T0894 System Binary Proxy Execution
T0895 Autorun Image
T1001 Data Obfuscation
T1003 OS Credential Dumping
T1005 Data from Local System
T1006 Direct Volume Access
T1007 System Service Discovery
T1008 Fallback Channels
T1010 Application Window Discovery
T1011 Exfiltration Over Other Network Medium
T1012 Query Registry
T1014 Rootkit
T1016 System Network Configuration Discovery
T1018 Remote System Discovery
T1020 Automated Exfiltration
T1021 Remote Services
T1025 Data from Removable Media
T1027 Obfuscated Files or Information
T1029 Scheduled Transfer
T1030 Data Transfer Size Limits
T1033 System Owner/User Discovery
T1036 Masquerading
T1037 Boot or Logon Initialization Scripts
T1039 Data from Network Shared Drive
T1040 Network Sniffing
T1041 Exfiltration Over C2 Channel
T1046 Network Service Discovery
T1047 Windows Management Instrumentation
T1048 Exfiltration Over Alternative Protocol
T1049 System Network Connections Discovery
T1052 Exfiltration Over Physical Medium
T1053 Scheduled Task/Job
T1055 Process Injection
T1056 Input Capture
T1057 Process Discovery
T1059 Command and Scripting Interpreter
T1068 Exploitation for Privilege Escalation
T1069 Permission Groups Discovery
T1070 Indicator Removal
T1071 Application Layer Protocol
T1072 Software Deployment Tools
T1074 Data Staged
T1078 Valid Accounts
T1080 Taint Shared Content
T1082 System Information Discovery
T1083 File and Directory Discovery
T1087 Account Discovery
T1090 Proxy
T1091 Replication Through Removable Media
T1092 Communication Through Removable Media
T1095 Non-Application Layer Protocol
T1098 Account Manipulation
T1102 Web Service
T1104 Multi-Stage Channels
T1105 Ingress Tool Transfer
T1106 Native API
T1110 Brute Force
T1111 Multi-Factor Authentication Interception
T1112 Modify Registry
T1113 Screen Capture
T1114 Email Collection
T1115 Clipboard Data
T1119 Automated Collection
T1120 Peripheral Device Discovery
T1123 Audio Capture
T1124 System Time Discovery
T1125 Video Capture
T1127 Trusted Developer Utilities Proxy Execution
T1129 Shared Modules
T1132 Data Encoding
T1133 External Remote Services
T1134 Access Token Manipulation
T1135 Network Share Discovery
T1136 Create Account
T1137 Office Application Startup
T1140 Deobfuscate/Decode Files or Information
T1176 Software Extensions
T1185 Browser Session Hijacking
T1187 Forced Authentication
T1189 Drive-by Compromise
T1190 Exploit Public-Facing Application
T1195 Supply Chain Compromise
T1197 BITS Jobs
T1199 Trusted Relationship
T1200 Hardware Additions
T1201 Password Policy Discovery
T1202 Indirect Command Execution
T1203 Exploitation for Client Execution
T1204 User Execution
T1205 Traffic Signaling
T1207 Rogue Domain Controller
T1210 Exploitation of Remote Services
T1211 Exploitation for Defense Evasion
T1212 Exploitation for Credential Access
T1213 Data from Information Repositories
T1216 System Script Proxy Execution
T1217 Browser Information Discovery
T1218 System Binary Proxy Execution
T1219 Remote Access Tools
T1220 XSL Script Processing
T1221 Template Injection
T1222 File and Directory Permissions Modification
T1480 Execution Guardrails
T1482 Domain Trust Discovery
T1484 Domain or Tenant Policy Modification
T1485 Data Destruction
T1486 Data Encrypted for Impact
T1489 Service Stop
T1490 Inhibit System Recovery
T1491 Defacement
T1495 Firmware Corruption
T1496 Resource Hijacking
T1497 Virtualization/Sandbox Evasion
T1498 Network Denial of Service
T1499 Endpoint Denial of Service
T1505 Server Software Component
T1518 Software Discovery
T1525 Implant Internal Image
T1526 Cloud Service Discovery
T1528 Steal Application Access Token
T1529 System Shutdown/Reboot
T1530 Data from Cloud Storage
T1531 Account Access Removal
T1534 Internal Spearphishing
T1535 Unused/Unsupported Cloud Regions
T1537 Transfer Data to Cloud Account
T1538 Cloud Service Dashboard
T1539 Steal Web Session Cookie
T1542 Pre-OS Boot
T1543 Create or Modify System Process
T1546 Event Triggered Execution
T1547 Boot or Logon Autostart Execution
T1548 Abuse Elevation Control Mechanism
T1550 Use Alternate Authentication Material
T1552 Unsecured Credentials
T1553 Subvert Trust Controls
T1554 Compromise Host Software Binary
T1555 Credentials from Password Stores
T1556 Modify Authentication Process
T1557 Adversary-in-the-Middle
T1558 Steal or Forge Kerberos Tickets
T1559 Inter-Process Communication
T1560 Archive Collected Data
T1561 Disk Wipe
T1562 Impair Defenses
T1563 Remote Service Session Hijacking
T1564 Hide Artifacts
T1565 Data Manipulation
T1566 Phishing
T1567 Exfiltration Over Web Service
T1568 Dynamic Resolution
T1569 System Services
T1570 Lateral Tool Transfer
T1571 Non-Standard Port
T1572 Protocol Tunneling
T1573 Encrypted Channel
T1574 Hijack Execution Flow
T1578 Modify Cloud Compute Infrastructure
T1580 Cloud Infrastructure Discovery
T1583 Acquire Infrastructure
T1584 Compromise Infrastructure
T1585 Establish Accounts
T1586 Compromise Accounts
T1587 Develop Capabilities
T1588 Obtain Capabilities
T1589 Gather Victim Identity Information
T1590 Gather Victim Network Information
T1591 Gather Victim Org Information
T1592 Gather Victim Host Information
T1593 Search Open Websites/Domains
T1594 Search Victim-Owned Websites
T1595 Active Scanning
T1596 Search Open Technical Databases
T1597 Search Closed Sources
T1598 Phishing for Information
T1599 Network Boundary Bridging
T1600 Weaken Encryption
T1601 Modify System Image
T1602 Data from Configuration Repository
T1606 Forge Web Credentials
T1608 Stage Capabilities
T1609 Container Administration Command
T1610 Deploy Container
T1611 Escape to Host
T1612 Build Image on Host
T1613 Container and Resource Discovery
T1614 System Location Discovery
T1615 Group Policy Discovery
T1619 Cloud Storage Object Discovery
T1620 Reflective Code Loading
T1621 Multi-Factor Authentication Request Generation
T1622 Debugger Evasion
T1647 Plist File Modification
T1648 Serverless Execution
T1649 Steal or Forge Authentication Certificates
T1650 Acquire Access
T1651 Cloud Administration Command
T1652 Device Driver Discovery
T1653 Power Settings
T1654 Log Enumeration
T1656 Impersonation
T1657 Financial Theft
T1659 Content Injection
T1665 Hide Infrastructure
T1666 Modify Cloud Resource Hierarchy
T1667 Email Bombing
T1668 Exclusive Control
T1669 Wi-Fi Networks
T1671 Cloud Application Integration
T1672 Email Spoofing
T1673 Virtual Machine Discovery
T1674 Input Injection
T1675 ESXi Administration Command
T1677 Poisoned Pipeline Execution
T1678 Delay Execution
T1679 Selective Exclusion
T1680 Local Storage Discovery
T1681 Search Threat Vendor Data`;
