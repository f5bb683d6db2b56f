import type { Overview, Signals } from '@kydai/contracts';

/** Event received to detection over the last 1,000 detections, reported apart from MTTD. */
export function measurePipelineLatency(signals: Signals): () => Overview['pipelineLatency'] {
  const size = 1000;
  const ring: number[] = [];
  let written = 0;
  signals.subscribe((signal) => {
    if (signal.type !== 'detection') return;
    ring[written++ % size] = Math.max(0, signal.detection.detected - signal.detection.time);
  });
  return () => {
    const sorted = [...ring].sort((a, b) => a - b);
    const at = (share: number) =>
      sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? null;
    return { n: sorted.length, p50: at(0.5), p99: at(0.99) };
  };
}
