import type { ConsoleAction, SessionView } from '@kydai/contracts';
import { createContext, type ReactNode, useContext } from 'react';

const Context = createContext<SessionView | undefined>(undefined);

export function SessionProvider({ session, children }: { session: SessionView; children: ReactNode }) {
  return <Context value={session}>{children}</Context>;
}

/** Who is signed in. */
export function useSession(): SessionView {
  const session = useContext(Context);
  if (!session) throw new Error('the session is used outside of its provider');
  return session;
}

/**
 * Whether this person may do that. It only decides what is shown: the server asks the policies again for every request.
 */
export function useMay(): (action: ConsoleAction) => boolean {
  const { permissions } = useSession();
  return (action) => permissions.includes(action);
}
