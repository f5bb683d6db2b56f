export { connectOperator, type OperatorClient } from './cli/operator-client.ts';
export { loadConfig } from './config/load.ts';
export type { Config } from './config/schema.ts';
export { type DrillReport, type Hop, runDrill } from './drill/run.ts';
export { type Scenario, scenarios } from './drill/scenarios.ts';
export type { Addresses } from './flow/addresses.ts';
export type { Kydai } from './flow/kydai.ts';
export { type Running, startKydai } from './flow/start.ts';
