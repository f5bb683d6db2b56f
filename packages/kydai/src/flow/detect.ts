import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Detection, Event } from '@kydai/contracts';
import { createDetector, loadRules } from '@kydai/siem';
import type { Logger } from 'pino';
import type { Content } from '../boot/content.ts';
import { ShellError } from '../error.ts';

export interface DetectionStage {
  /** How many rules and correlations are in force. */
  readonly rules: number;
  /** Judges events that are durable, in the order in which they came. */
  take(events: readonly Event[]): void;
  close(): void;
}

/**
 * Judges every durable event by every rule. The state of the correlations is kept at a clean stop and taken up at the
 * next start.
 *
 * @throws ShellError `content` where one of the city's own rules is broken
 */
export function openDetection(parts: {
  readonly content: Content;
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onDetection: (detection: Detection) => Promise<void>;
}): DetectionStage {
  const { content, folder, clock, log, onDetection } = parts;
  const { rules, problems } = loadRules(content.rules);
  const broken = problems.find(({ severity }) => severity === 'error');
  if (broken) throw new ShellError('content', `${broken.file}:${broken.line}: ${broken.message}`);

  const detector = createDetector({ rules, clock });
  const stateFile = join(folder, 'correlations.json');
  if (existsSync(stateFile)) {
    try {
      detector.restore(JSON.parse(readFileSync(stateFile, 'utf8')));
    } catch (error) {
      log.warn({ err: error }, 'the state of the correlations could not be taken up; counting starts anew');
    }
  }
  return {
    rules: rules.rules.length + rules.correlations.length,
    take(events) {
      for (const detection of detector.processBatch(events)) void onDetection(detection);
    },
    close() {
      writeFileSync(`${stateFile}.new`, JSON.stringify(detector.checkpoint()), { mode: 0o600 });
      renameSync(`${stateFile}.new`, stateFile);
    },
  };
}
