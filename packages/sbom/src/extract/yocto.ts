import { Readable } from 'node:stream';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import tar from 'tar-stream';
import { SbomError } from '../error.ts';
import { parsePurl } from '../purl/purl.ts';
import { arrayOf, type ExtractedPackage, type Extractor, objectOf, stringOf } from './extraction.ts';

const unpackedLimit = 1024 ** 3;

/** The archive of SPDX documents that a Yocto build writes beside its image (`IMAGE.spdx.tar.zst`). */
export const yocto: Extractor = {
  name: 'yocto-spdx',
  matches: (path) => /\.spdx\.tar\.(zst|gz)$/.test(path),
  async extract(file) {
    const unpack = file.path.endsWith('.gz') ? gunzipSync : zstdDecompressSync;
    const bytes = unpack(file.bytes, { maxOutputLength: unpackedLimit });
    const packages = new Map<string, ExtractedPackage>();
    const archive = Readable.from([bytes]).pipe(tar.extract());
    for await (const entry of archive) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of entry) chunks.push(chunk as Uint8Array);
      if (!entry.header.name.endsWith('.json')) continue;
      const document = objectOf(JSON.parse(Buffer.concat(chunks).toString('utf8')));
      for (const value of arrayOf(document['packages'])) {
        const found = packageOf(objectOf(value));
        if (found !== undefined) packages.set(found.ref, found);
      }
    }
    if (packages.size === 0) throw new SbomError('invalid-bom', `\`${file.path}\` holds no package`);
    return { packages: [...packages.values()], dependsOn: new Map() };
  },
};

function packageOf(value: Readonly<Record<string, unknown>>): ExtractedPackage | undefined {
  const name = stringOf(value['name']);
  if (name === undefined) return undefined;
  const version = stringOf(value['versionInfo']);
  const pinned = version === undefined ? {} : { version };
  const licence = stringOf(value['licenseDeclared']);
  const told = arrayOf(value['externalRefs'])
    .map(objectOf)
    .find((each) => each['referenceType'] === 'purl');
  const purl = stringOf(told?.['referenceLocator']);
  return {
    ref: `${name}@${version ?? ''}`,
    name,
    ...pinned,
    purl: (purl && tryPurl(purl)) || { type: 'generic', namespace: 'yocto', name, ...pinned },
    ...(licence === undefined || /^(NOASSERTION|NONE)$/.test(licence) ? {} : { licenses: [licence] }),
  };
}

/** Undefined where it is none: the package is then known by its name alone. */
function tryPurl(text: string): ExtractedPackage['purl'] {
  try {
    return parsePurl(text);
  } catch {
    return undefined;
  }
}
