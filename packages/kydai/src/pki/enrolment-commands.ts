import type { Addresses } from '../flow/addresses.ts';

/** Commands that run as they stand, by the program that a device has. */
export interface EnrolmentCommands {
  readonly kydai: string;
  readonly openssl: string;
  readonly strongswan: string;
}

/**
 * Shell commands by which a device enrols with `kydai device`, with nothing but openssl and curl, or with strongSwan's
 * `pki`. Trust in the server comes from the root certificate, whose fingerprint the operator compares.
 */
export function enrolmentCommands(enrolment: {
  readonly deviceId: string;
  readonly token: string;
  readonly addresses: Addresses;
}): EnrolmentCommands {
  const { deviceId, token, addresses } = enrolment;
  const root = `curl -fsS ${addresses.status}/pki/ca/root.pem -o root.pem`;
  const est = `${addresses.devices}/.well-known/est`;
  // strongSwan takes the name of a server and not its address.
  const named = addresses.devices.replace('//127.0.0.1:', '//localhost:');
  const server = `--server ${addresses.devices} --ca root.pem`;
  return {
    kydai: [
      root,
      `export KYDAI_ENROLMENT_TOKEN=${token}`,
      `kydai device enrol ${deviceId} ${server}`,
      `# and for as long as the device runs:`,
      `kydai device renew --watch ${server}`,
    ].join('\n'),
    openssl: [
      root,
      `curl -fsS --cacert root.pem ${est}/cacerts | base64 -d |`,
      `  openssl pkcs7 -inform DER -print_certs -out ca.pem`,
      `openssl ecparam -name prime256v1 -genkey -noout -out ${deviceId}.key`,
      `openssl req -new -key ${deviceId}.key -subj /CN=${deviceId} -outform DER | base64 > ${deviceId}.csr`,
      `curl -fsS --cacert root.pem -u '${deviceId}:${token}' -H 'content-type: application/pkcs10' \\`,
      `  --data-binary @${deviceId}.csr ${est}/simpleenroll -o ${deviceId}.p7`,
      `base64 -d ${deviceId}.p7 | openssl pkcs7 -inform DER -print_certs -out ${deviceId}.pem`,
      `openssl verify -CAfile root.pem -untrusted ca.pem ${deviceId}.pem`,
    ].join('\n'),
    strongswan: [
      root,
      `pki --gen --type ecdsa --size 256 --outform pem > ${deviceId}.key`,
      `pki --req --type priv --in ${deviceId}.key --dn CN=${deviceId} --san ${deviceId} > ${deviceId}.req`,
      `pki --est --url ${named} --in ${deviceId}.req --cacert root.pem \\`,
      `  --userpass '${deviceId}:${token}' --outform pem > ${deviceId}.pem`,
    ].join('\n'),
  };
}
