/**
 * Development data: an invented city for working on the pages. Never bundled, never served by Kỳ Đài itself. Names and
 * addresses are made up; addresses are from the documentation ranges (RFC 5737).
 */
export { audit } from './city/audit.ts';
export { detections, rules } from './city/detections.ts';
export { certificates, devices } from './city/devices.ts';
export { incidents } from './city/incidents.ts';
export { obligations, runs } from './city/runs.ts';
export { rates, sources } from './city/sources.ts';
export { day, dice, hour, minute, second, start } from './city/start.ts';
