export { certificatesOf, type Signer, type Trust } from './attest/dsse.ts';
export { type AttestCommand, runAttest, runVerify, type VerifyCommand } from './commands/attest.ts';
export { evaluateGate, type GateCommand, type GateFormat, gateFormats, runGate } from './commands/gate.ts';
export {
  type GenerateCommand,
  type GenerateFormat,
  generateFormats,
  runGenerate,
} from './commands/generate.ts';
export { type ImportCommand, runImport } from './commands/import.ts';
export type { CommandIo, ExitCode } from './commands/io.ts';
export { type OpinionCommand, runOpinion } from './commands/opinion.ts';
export { runUpdate, type UpdateCommand } from './commands/update.ts';
export { runWhy, type WhyCommand } from './commands/why.ts';
export type { Advisory } from './database/advisory.ts';
export {
  type ImportOptions,
  type ImportProgress,
  type ImportSummary,
  importAdvisories,
} from './database/import.ts';
export { type AdvisoryDatabase, type DatabaseInfo, openAdvisories } from './database/open.ts';
export { SbomError, type SbomErrorCode } from './error.ts';
export { type Generated, type GenerateOptions, generateSbom } from './extract/generate.ts';
export type { NotRead, WalkLimits } from './extract/walk.ts';
export type { ShipContext } from './gate/context.ts';
export { type GateOptions, type GateResult, gate, type Verdict } from './gate/gate.ts';
export { applyVex, readVex, type VexOutcome, type VexStatement } from './gate/vex.ts';
export { readWaivers, Waiver } from './gate/waiver.ts';
export {
  type Assessment,
  type AssessOptions,
  assess,
  type BlindSpot,
  type BlindSpotReason,
} from './match/assess.ts';
export { type Answer, type Explanation, explain, type Question } from './match/explain.ts';
export { defaultEcosystems, osvMirror } from './mirror/update.ts';
export { allComponents, type Bom, type BomComponent, type BomDependency } from './model/bom.ts';
export { type DependencyGraph, dependencyGraph } from './model/graph.ts';
export { checkBom, parseBom } from './model/read.ts';
export { parseAnyBom, readBom, type Violation, validateBom, writeBom } from './model/validate.ts';
export { formatPurl, type PackageUrl, type PackageUrlParts, parsePurl } from './purl/purl.ts';
export { findings, SbomRecord, sboms } from './record.ts';
export { renderHtml } from './report/html.ts';
export { renderJson } from './report/json.ts';
export { renderJunit } from './report/junit.ts';
export { renderMarkdown } from './report/markdown.ts';
export { renderSarif } from './report/sarif.ts';
export { renderTable, type TableOptions } from './report/table.ts';
export { renderVdr } from './report/vdr.ts';
export { writeSpdx } from './spdx/from-cyclonedx.ts';
export { type VersionScheme, versionScheme } from './versions/index.ts';
export { createInventory, type Inventory, type NewFinding, type Touched } from './watch/inventory.ts';
