import type { Config } from '../config/schema.ts';

/** Where the listeners of a running program are, as base addresses without a slash at the end. */
export interface Addresses {
  /** Console and API. */
  readonly http: string;
  /** TLS listener for devices: EST and readings. */
  readonly devices: string;
  /** MQTT for devices; empty where it is off. */
  readonly deviceMqtt: string;
  /** CRLs, OCSP and CA certificates. */
  readonly status: string;
  /** HTTP collectors. */
  readonly collect: string;
  /** `host:port` of syslog over UDP, TCP and TLS. */
  readonly syslogUdp: string;
  readonly syslogTcp: string;
  readonly syslogTls: string;
}

/** How this machine reaches a listener on `host`: one on every address is reached by loopback. Brackets around IPv6. */
export function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

/**
 * The names of the certificate that our TLS listeners share: those of the configuration, and the addresses that they
 * listen on.
 */
export function serverNames({ http, devices, collect, syslog }: Config): readonly string[] {
  const hosts = [http.host, devices.host, collect.host, syslog.host].filter(
    (host) => !['0.0.0.0', '::'].includes(host),
  );
  return [...new Set([...http.names, ...devices.names, ...hosts])];
}
