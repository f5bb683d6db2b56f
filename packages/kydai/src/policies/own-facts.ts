/**
 * Facts that one part of ours alone can know. INVARIANT: nobody reports or declares them, or it would be a way out of a
 * quarantine, into a certificate, or into somebody else's session.
 */
const own: Readonly<Record<string, readonly string[]>> = {
  User: ['assurance', 'emergency'],
  Device: ['quarantined', 'certified'],
};

/** Whether the fact of this name is not for others to say. */
export function isOwnFact(type: string, name: string): boolean {
  return Object.hasOwn(own, type) && own[type]!.includes(name);
}
