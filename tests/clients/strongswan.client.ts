import type { Program } from '../program.ts';
import { type Checks, shell } from './checks.ts';

/** strongSwan's `pki` as an EST client, and GnuTLS's certtool as a second reader of what we issue. */
export async function run(program: Program, checks: Checks): Promise<void> {
  const { folder, addresses } = program;
  const sh = (line: string) => shell(folder, line);
  const est = addresses.devices.replace('127.0.0.1', 'localhost');
  await sh(`curl -fsS ${addresses.status}/pki/ca/root.pem -o root.pem`);

  const authorities = await sh(`pki --estca --url ${est} --cacert root.pem --caout ca.pem --outform pem`);
  checks.equal('pki --estca gets the authorities', authorities.code, 0);
  const fetched = await sh('for each in ca*.pem; do openssl x509 -in $each -noout -subject; done');
  // Version 5.9.8 gives every issuing authority the same file name: the root and one of them are left.
  checks.matches('it writes the root', fetched.output, /Root CA 1/);
  checks.matches('it writes an issuing authority', fetched.output, /(?:Device|Service) CA 1/);
  await sh(
    `curl -fsS ${addresses.status}/pki/ca/device-ca-1.crt | openssl x509 -inform DER -out device-ca.pem
     cat device-ca.pem root.pem > chain.pem`,
  );

  for (const [device, generate] of [
    ['gw-ec', 'pki --gen --type ecdsa --size 256 --outform pem'],
    ['gw-rsa', 'pki --gen --type rsa --size 2048 --outform pem'],
  ] as const) {
    const token = (await program.cli('pki', 'token', device, '--kind', 'gateway', '--quiet')).stdout.trim();
    const made = await sh(
      `${generate} > ${device}.key
       pki --req --type priv --in ${device}.key --dn 'CN=${device}' --san ${device} --outform der > ${device}.req`,
    );
    checks.equal(`${device}: pki makes key and request`, made.code, 0);
    const enrolled = await sh(
      `pki --est --url ${est} --in ${device}.req --cacert root.pem --userpass '${device}:${token}' --outform pem > ${device}.pem`,
    );
    checks.equal(`${device}: pki --est enrols`, enrolled.code, 0);
    if (enrolled.code !== 0) checks.fail(`${device}: enrolment`, enrolled.output);
    const printed = await sh(`pki --print --in ${device}.pem`);
    checks.matches(
      `${device}: pki --print reads the certificate`,
      printed.output,
      new RegExp(`CN=${device}`),
    );
    const verified = await sh(`openssl verify -CAfile root.pem -untrusted device-ca.pem ${device}.pem`);
    checks.matches(`${device}: openssl verifies it`, verified.output, /: OK/);

    const renewed = await sh(
      `pki --est --url ${est} --in ${device}.req --cacert root.pem --cert ${device}.pem --key ${device}.key \
         --outform pem > ${device}.new.pem`,
    );
    checks.equal(`${device}: pki --est renews with its certificate`, renewed.code, 0);
    if (renewed.code !== 0) checks.fail(`${device}: renewal`, renewed.output);

    // GnuTLS's profile high wants 128 bits of security: RSA of 2048 bits has 112, which is its profile medium.
    const profile = device === 'gw-rsa' ? 'medium' : 'high';
    const gnutls = await sh(
      `certtool --verify --load-ca-certificate chain.pem --verify-profile=${profile} --infile ${device}.pem`,
    );
    checks.matches(
      `${device}: certtool verifies it at profile ${profile}`,
      gnutls.output,
      /Chain verification output: Verified/,
    );
    const info = await sh(`certtool --certificate-info --infile ${device}.pem`);
    checks.equal(`${device}: certtool reads every extension`, info.code, 0);
    checks.ok(`${device}: and knows them all`, !/Unknown extension/.test(info.output), info.output);
  }

  const refused = await sh(
    `pki --est --url ${est} --in gw-ec.req --cacert root.pem --userpass 'gw-ec:kde_wrong' --outform pem > none.pem`,
  );
  checks.ok('pki --est is refused with a wrong token', refused.code !== 0, refused.output);

  const recipe = await program.cli('pki', 'token', 'gw-recipe', '--kind', 'gateway', '--with', 'strongswan');
  const commands = recipe.stdout.slice(recipe.stdout.indexOf('On the device:') + 14);
  const followed = await sh(
    `mkdir -p recipe && cd recipe && set -e\n${commands}\npki --print --in gw-recipe.pem`,
  );
  checks.matches('the commands of the console run as they stand', followed.output, /CN=gw-recipe/);

  await crls();

  async function crls(): Promise<void> {
    const serial = (await sh('openssl x509 -in gw-ec.pem -noout -serial')).output
      .trim()
      .slice(7)
      .toLowerCase();
    await program.cli('pki', 'revoke', serial, '--reason', 'superseded');
    const url = (await sh('openssl x509 -in gw-ec.pem -noout -ext crlDistributionPoints')).output.match(
      /URI:(\S+)/,
    )?.[1];
    const read = await sh(`curl -fsS '${url}' -o gw.crl; certtool --crl-info --inder --infile gw.crl`);
    checks.matches(
      'certtool reads the CRL and finds the serial number in it',
      read.output.toLowerCase(),
      new RegExp(serial),
    );
    const verified = await sh(
      `openssl crl -inform DER -in gw.crl -out gw.crl.pem
       certtool --verify-crl --load-ca-certificate device-ca.pem --infile gw.crl.pem`,
    );
    checks.matches('certtool verifies the CRL', verified.output, /Verified/);
    const chain = await sh(
      `certtool --verify --load-ca-certificate chain.pem --load-crl gw.crl.pem --infile gw-ec.pem || true`,
    );
    checks.matches('certtool refuses the revoked certificate', chain.output, /revoked/i);
    const printed = await sh('pki --print --type crl --in gw.crl');
    checks.matches('pki --print reads the CRL', printed.output.replaceAll(':', ''), new RegExp(serial));
  }
}
