export { certificatesOf, type Signer, type Trust } from './attest/dsse.ts';
export {
  type GateFormat,
  type GenerateFormat,
  gateFormats,
  generateFormats,
  osvMirror,
} from './commands/choices.ts';
export {
  importAdvisories,
  runAttest,
  runGate,
  runGenerate,
  runImport,
  runOpinion,
  runSign,
  runUpdate,
  runVerify,
  runWaive,
  runWhy,
} from './commands/index.ts';
export type { CommandIo, ExitCode } from './commands/io.ts';
export { type AdvisoryDatabase, type DatabaseInfo, openAdvisories } from './database/open.ts';
export { SbomError, type SbomErrorCode } from './error.ts';
export { type GateOptions, type GateResult, gate, type Verdict } from './gate/gate.ts';
export { type Assessment, type AssessOptions, assess } from './match/assess.ts';
export type { Bom, BomComponent, BomDependency } from './model/bom.ts';
export { parseBom } from './model/read.ts';
export { parseAnyBom, readBom, writeBom } from './model/validate.ts';
export { type Ways, waysTo } from './model/ways.ts';
export { formatPurl, type PackageUrl, type PackageUrlParts, parsePurl } from './purl/purl.ts';
export { findings, SbomRecord, sboms } from './record.ts';
export { type VersionScheme, versionScheme } from './versions/index.ts';
export { createInventory, type Inventory, type NewFinding, type Touched } from './watch/inventory.ts';
