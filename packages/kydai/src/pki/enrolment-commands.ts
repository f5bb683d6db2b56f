import type { Addresses } from '../flow/addresses.ts';

/**
 * Shell commands by which a device that has nothing but openssl and curl enrols: they run as they stand. Trust in the
 * server comes from the root certificate, whose fingerprint the operator compares.
 */
export function enrolmentCommands(enrolment: {
  readonly deviceId: string;
  readonly token: string;
  readonly addresses: Addresses;
}): string {
  const { deviceId, token, addresses } = enrolment;
  return [
    `curl -fsS ${addresses.status}/pki/ca/root.pem -o root.pem`,
    `curl -fsS --cacert root.pem ${addresses.devices}/.well-known/est/cacerts | base64 -d |`,
    `  openssl pkcs7 -inform DER -print_certs -out ca.pem`,
    `openssl ecparam -name prime256v1 -genkey -noout -out ${deviceId}.key`,
    `openssl req -new -key ${deviceId}.key -subj /CN=${deviceId} -outform DER | base64 > ${deviceId}.csr`,
    `curl -fsS --cacert root.pem -u '${deviceId}:${token}' -H 'content-type: application/pkcs10' \\`,
    `  --data-binary @${deviceId}.csr ${addresses.devices}/.well-known/est/simpleenroll -o ${deviceId}.p7`,
    `base64 -d ${deviceId}.p7 | openssl pkcs7 -inform DER -print_certs -out ${deviceId}.pem`,
    `openssl verify -CAfile root.pem -untrusted ca.pem ${deviceId}.pem`,
  ].join('\n');
}
