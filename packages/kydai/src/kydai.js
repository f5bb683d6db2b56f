#!/usr/bin/env node
// Plain JavaScript, because a first file in TypeScript loads the parser for it (17 MB), which what the cache holds needs not.
import { enableCompileCache } from 'node:module';

// Before anything of ours is loaded, so that a second call starts from what the first one compiled.
enableCompileCache();
await import('./main.ts');
