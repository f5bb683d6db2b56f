import { SbomError } from '../error.ts';
import { arrayOf, isObject, type JsonObject, objectOf, stringOf } from './extraction.ts';

/** One image of an archive: what it runs on, such as `linux/arm64`, and the entry names of its layers, lowest first. */
export interface PlatformImage {
  /** Empty where the archive does not say. */
  readonly platform: string;
  readonly layers: readonly string[];
}

const mostImages = 64;

/**
 * The images that an archive holds: that of `docker save`, or every one that the index of an OCI layout leads to
 * (image-spec 1.1). `platform` picks one of several.
 *
 * @returns undefined where the archive is no image
 * @throws SbomError `invalid-archive`, and `usage` for a platform that is not there
 */
export function imagesIn(
  documents: ReadonlyMap<string, Buffer>,
  path: string,
  platform?: string,
): readonly PlatformImage[] | undefined {
  const images = readImages(documents, path);
  if (images === undefined || platform === undefined) return images;
  const some = images.filter(
    (image) => image.platform === platform || image.platform.startsWith(`${platform}/`),
  );
  if (some.length === 0) {
    const there = images.map((image) => `\`${image.platform || 'unnamed'}\``).join(', ');
    throw new SbomError('usage', `image \`${path}\` has no platform \`${platform}\`; there is ${there}`);
  }
  return some;
}

function readImages(
  documents: ReadonlyMap<string, Buffer>,
  path: string,
): readonly PlatformImage[] | undefined {
  const json = (name: string): unknown => {
    const bytes = documents.get(name);
    if (bytes === undefined) return undefined;
    try {
      return JSON.parse(bytes.toString('utf8'));
    } catch {
      throw new SbomError('invalid-archive', `\`${name}\` of image \`${path}\` is not json`);
    }
  };
  if (!documents.has('oci-layout')) {
    const saved = json('manifest.json');
    if (!Array.isArray(saved)) return undefined;
    return saved.slice(0, mostImages).map((each) => {
      const { Layers, Config } = objectOf(each) as JsonObject & { Layers?: unknown; Config?: unknown };
      const config = objectOf(json(stringOf(Config) ?? ''));
      return {
        platform: platformOf(config),
        layers: arrayOf(Layers).flatMap((layer) => stringOf(layer) ?? []),
      };
    });
  }
  const images: PlatformImage[] = [];
  const seen = new Set<string>();
  const open: { readonly document: unknown; readonly platform: string }[] = [
    { document: json('index.json'), platform: '' },
  ];
  for (const { document, platform } of open) {
    if (!isObject(document)) throw new SbomError('invalid-archive', `image \`${path}\` has no manifest`);
    if (document['layers'] !== undefined) {
      const named = platform || platformOf(objectOf(json(blobName(document['config']) ?? '')));
      images.push({
        platform: named,
        layers: arrayOf(document['layers']).flatMap((each) => blobName(each) ?? []),
      });
      continue;
    }
    for (const descriptor of arrayOf(document['manifests']).map(objectOf)) {
      const name = blobName(descriptor) ?? '';
      // Build tools put attestations beside the images, for a platform that nobody has.
      const reference = objectOf(descriptor['annotations'])['vnd.docker.reference.type'];
      if (reference !== undefined || seen.has(name)) continue;
      seen.add(name);
      if (seen.size > mostImages)
        throw new SbomError('too-large', `image \`${path}\` has more than ${mostImages} manifests`);
      open.push({ document: json(name), platform: platformOf(objectOf(descriptor['platform'])) });
    }
  }
  if (images.length === 0) throw new SbomError('invalid-archive', `image \`${path}\` has no manifest`);
  return images;
}

function platformOf(value: JsonObject): string {
  const parts = [value['os'], value['architecture'], value['variant']].flatMap(
    (part) => stringOf(part) ?? [],
  );
  return parts.every((part) => /^[\w.-]{1,40}$/.test(part)) ? parts.join('/') : '';
}

function blobName(descriptor: unknown): string | undefined {
  const [, algorithm, hex] =
    /^([a-z0-9]+):([0-9a-f]+)$/.exec(stringOf(objectOf(descriptor)['digest']) ?? '') ?? [];
  return hex === undefined ? undefined : `blobs/${algorithm}/${hex}`;
}
