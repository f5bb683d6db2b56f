/** Why a policy decided as it did: in English, as the rest of a report is, where it says so; empty where it says nothing. */
export function reasonOf(policy: { readonly reason?: string; readonly reasonEn?: string }): string {
  return policy.reasonEn ?? policy.reason ?? '';
}
