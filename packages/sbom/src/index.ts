export { SbomError, type SbomErrorCode } from './error.ts';
export { type Generated, type GenerateOptions, generateSbom } from './extract/generate.ts';
export type { NotRead, WalkLimits } from './extract/walk.ts';
export { allComponents, type Bom, type BomComponent, type BomDependency } from './model/bom.ts';
export { type DependencyGraph, dependencyGraph } from './model/graph.ts';
export { checkBom, parseBom } from './model/read.ts';
export { readBom, type Violation, validateBom, writeBom } from './model/validate.ts';
export { formatPurl, type PackageUrl, type PackageUrlParts, parsePurl } from './purl/purl.ts';
export { type VersionScheme, versionScheme } from './versions/index.ts';
