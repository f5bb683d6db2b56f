/** Where the listeners of a running program are, as base addresses without a slash at the end. */
export interface Addresses {
  /** Console and API. */
  readonly http: string;
  /** TLS listener for devices: EST and readings. */
  readonly devices: string;
  /** CRLs, OCSP and CA certificates. */
  readonly status: string;
  /** HTTP collectors. */
  readonly collect: string;
  /** `host:port` of syslog over UDP and TCP. */
  readonly syslogUdp: string;
  readonly syslogTcp: string;
}
