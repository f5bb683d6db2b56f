export * from './memory-records.ts';
export * from './programs.ts';
