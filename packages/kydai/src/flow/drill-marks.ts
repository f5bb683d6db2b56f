import type { Detection } from '@kydai/contracts';

/** On a detection whose events called themselves a drill's and were not believed. */
export const refusedDrillMark = 'kydai.drill-mark-refused';

/** What the device register says; undefined for a name that it does not hold. */
export type DrillDevices = (deviceId: string) => boolean | undefined;

/**
 * Honours the drill mark of a detection only where the register agrees.
 *
 * INVARIANT: a log line alone never makes an incident a drill, for a drill has no legal clock and is not counted. Every
 * device that the detection names (a host that bears a device's name is that device) must be registered for drills, and
 * it must name at least one; otherwise the detection is live and says that its mark was refused.
 */
export function judgeDrillMark(detection: Detection, isDrillDevice: DrillDevices): Detection {
  if (!detection.drill) return detection;
  let named = 0;
  let real = false;
  for (const { type, id } of detection.entities) {
    if (type !== 'device' && type !== 'host') continue;
    const forDrills = isDrillDevice(id);
    if (type === 'host' && forDrills === undefined) continue;
    named += 1;
    if (forDrills !== true) real = true;
  }
  if (named > 0 && !real) return detection;
  return { ...detection, drill: false, tags: [...detection.tags, refusedDrillMark] };
}
