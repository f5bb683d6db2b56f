import { defineConfig } from 'vitest/config';
import { longFlows, settings } from './vitest.config.ts';

export default defineConfig({ test: { ...settings, include: longFlows } });
