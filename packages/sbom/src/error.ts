import { KydaiError } from '@kydai/contracts';

/** Every way in which this package refuses. */
export type SbomErrorCode =
  /** A package URL that the specification does not allow. */
  | 'invalid-purl'
  /** A bill of materials that cannot be read; the message names the place. */
  | 'invalid-bom'
  /** Input beyond a bound: size, depth, number of entries. */
  | 'too-large'
  /** Nothing at the path, or nothing that can be read. */
  | 'not-found'
  /** An archive that is damaged, or that reaches outside itself. */
  | 'invalid-archive'
  /** An advisory source from which nothing could be read. */
  | 'invalid-advisories'
  /** No database file. */
  | 'database-missing'
  /** A database file of no bytes, or one without a single advisory. */
  | 'database-empty'
  /** A file that is not one of our databases, or of a version that this program does not read. */
  | 'database-format'
  /** Fewer bytes than the header promises: a half-written or cut file. */
  | 'database-truncated'
  /** The bytes do not have the digest that the file names. */
  | 'database-digest'
  /** A waiver or VEX file that cannot be read. */
  | 'invalid-waivers'
  | 'invalid-vex'
  /** A report of another scanner that cannot be read. */
  | 'invalid-opinion'
  /** An attestation that is forged, damaged, about something else, or signed by someone not trusted. */
  | 'attestation'
  /** A key or certificate that cannot sign. */
  | 'signer'
  /** A mirror of advisories that refuses or breaks off. */
  | 'mirror'
  /** A wrong option of a command. */
  | 'usage';

/** The one error of this package. */
export class SbomError extends KydaiError<SbomErrorCode> {}
