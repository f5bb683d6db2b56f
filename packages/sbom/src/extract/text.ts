import { SbomError } from '../error.ts';

/** Decodes UTF-8, or UTF-16 that starts with a byte order mark. @throws SbomError `invalid-bom` on anything else. */
export function decodeText(bytes: Uint8Array, shown: string): string {
  const label =
    bytes[0] === 0xff && bytes[1] === 0xfe
      ? 'utf-16le'
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? 'utf-16be'
        : 'utf-8';
  try {
    return new TextDecoder(label, { fatal: true }).decode(bytes);
  } catch (error) {
    throw new SbomError('invalid-bom', `\`${shown}\` is not ${label} text; save it as utf-8`, {
      cause: error,
    });
  }
}
