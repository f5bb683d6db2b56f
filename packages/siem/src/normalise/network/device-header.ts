/** Who wrote a line and when, as a device's own header says. Absent parts are empty strings. */
export interface DeviceHeader {
  readonly host: string;
  /** The host that passed the line on, where it wrote a header of its own. */
  readonly relay: string;
  readonly process: string;
  readonly processId: string;
  /** Epoch milliseconds; NaN where it gives none that can be believed. */
  readonly time: number;
  /** It gives a time that no calendar has. */
  readonly timeIsBroken: boolean;
  readonly zoneAssumed: boolean;
  readonly yearGuessed: boolean;
}
