import { buildrootInfo, buildrootManifest } from './buildroot.ts';
import { bundler } from './bundler.ts';
import { cargo } from './cargo.ts';
import { composer } from './composer.ts';
import { conda, condaLock } from './conda.ts';
import type { Extractor } from './extraction.ts';
import { goModules } from './go.ts';
import { gradle } from './gradle.ts';
import { javaArchives } from './jar.ts';
import { maven } from './maven.ts';
import { npm } from './npm.ts';
import { nuget } from './nuget.ts';
import { pnpm } from './pnpm.ts';
import { pipenv, pythonLocks, requirements } from './python.ts';
import { qgis } from './qgis.ts';
import { apk, dpkg, openwrt, opkg } from './system.ts';
import { yarn } from './yarn.ts';
import { yocto } from './yocto.ts';

/** In the order in which they are asked; the first that matches a file reads it. */
export const extractors: readonly Extractor[] = [
  npm,
  yarn,
  pnpm,
  pythonLocks,
  pipenv,
  requirements,
  goModules,
  cargo,
  maven,
  gradle,
  javaArchives,
  composer,
  bundler,
  nuget,
  dpkg,
  apk,
  opkg,
  openwrt,
  conda,
  condaLock,
  buildrootInfo,
  buildrootManifest,
  qgis,
  yocto,
];
