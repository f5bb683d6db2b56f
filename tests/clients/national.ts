import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Program, startProgram, temporaryFolder } from '../program.ts';
import { type Checks, command, shell } from './checks.ts';

const main = join(import.meta.dirname, '../../packages/kydai/src/main.ts');

/** A city whose authorities stand below a province below a national root, both of which openssl plays. */
export interface NationalCity {
  readonly program: Program;
  /** Holds national.pem, province.pem with their keys, and whatever else the shell writes. */
  readonly folder: string;
  sh(line: string): ReturnType<typeof shell>;
  /** The province signs a request of the city. */
  sign(request: string, out: string, serial: number): ReturnType<typeof shell>;
}

export async function startNationalCity(
  checks: Checks,
  /** Of the authorities of the city: 1 leaves room for their crosses. */
  pathLength = 0,
): Promise<NationalCity> {
  const folder = temporaryFolder();
  const sh = (line: string) => shell(folder, line);
  const made = await sh(
    `openssl req -x509 -newkey rsa:3072 -nodes -keyout national.key -out national.pem -days 7300 -subj '/C=VN/O=National/CN=National Root' 2>/dev/null
     openssl ecparam -name secp384r1 -genkey -noout -out province.key
     openssl req -new -key province.key -subj '/C=VN/O=Province/CN=Province CA' -out province.csr
     printf 'basicConstraints=critical,CA:TRUE\\nkeyUsage=critical,keyCertSign,cRLSign\\nsubjectKeyIdentifier=hash\\nauthorityKeyIdentifier=keyid\\n' > province.ext
     printf 'basicConstraints=critical,CA:TRUE,pathlen:${pathLength}\\nkeyUsage=critical,keyCertSign,cRLSign\\nsubjectKeyIdentifier=hash\\nauthorityKeyIdentifier=keyid\\n' > issuing.ext
     openssl x509 -req -in province.csr -CA national.pem -CAkey national.key -set_serial 2 -days 5000 -extfile province.ext -out province.pem 2>/dev/null`,
  );
  checks.equal('openssl plays a national root and a province', made.code, 0);
  mkdirSync(join(folder, 'data'));
  const cli = (...args: string[]) =>
    command(folder, process.execPath, [main, ...args], { KYDAI_DATA: join(folder, 'data') });
  checks.equal('the city makes its requests', (await cli('pki', 'ceremony', 'requests')).code, 0);
  const sign = (request: string, out: string, serial: number) =>
    sh(
      `openssl x509 -req -in ${request} -CA province.pem -CAkey province.key -set_serial ${serial} -days 1800 -extfile issuing.ext -out ${out} 2>/dev/null`,
    );
  await sign('device-ca.csr', 'device-ca.pem', 3);
  await sign('service-ca.csr', 'service-ca.pem', 4);
  const without = await cli('pki', 'ceremony', 'import', '--root', 'national.pem');
  checks.ok('without the chain the import is refused', without.code !== 0, without.output);
  checks.matches(
    'and says whose certificate is missing',
    without.output,
    /issuer is `CN=Province CA.*--?chain|with the chain/,
  );
  const given = ['--root', 'national.pem', '--chain', 'province.pem'];
  checks.matches(
    'with it the import tells the path',
    (await cli('pki', 'ceremony', 'import', ...given)).output,
    /device-ca-1, until [\s\S]*Province CA[\s\S]*National Root/,
  );
  return { program: await startProgram({ folder }), folder, sh, sign };
}
