import { useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, useContext } from 'react';
import { ApiError, call, get, rememberCsrf } from './api.ts';

export type Session = { user: { id: string; name: string; role: string; kind: 'user' | 'token'; permissions: string[]; grants: { role: 'viewer' | 'analyst' | 'approver' | 'admin'; scope: { cluster?: string; namespace?: string; project?: string } }[] }; csrf: string };

const Current = createContext<Session | undefined>(undefined);
export const SessionProvider = Current.Provider;

/** Who is signed in; only used below the sign-in gate. */
export function useSession(): Session {
  const session = useContext(Current);
  if (session === undefined) throw new Error('useSession outside the sign-in gate');
  return session;
}

/** Whether the person holds a permission anywhere: which buttons are shown. The console decides each call by itself. */
export function useMay(): (permission: string) => boolean {
  const { user } = useSession();
  return (permission) => user.permissions.includes(permission);
}

/** The running session, null when nobody is signed in. */
export function useSessionQuery() {
  return useQuery({
    queryKey: ['session'],
    queryFn: async ({ signal }) => {
      try {
        const session = await get<Session>('/session', {}, signal);
        rememberCsrf(session.csrf);
        return session;
      } catch (error) {
        if (error instanceof ApiError && error.status === 401) return null;
        throw error;
      }
    },
    staleTime: 60_000,
    // Also what notices that the console stopped answering, and that it is back.
    refetchInterval: 10_000,
  });
}

/** Signs in or out, and forgets what the person before was shown. */
export function useSignIn(): { signIn(name: string, password: string): Promise<void>; signOut(): Promise<void>; setUp(token: string, name: string, password: string): Promise<void>; welcome(token: string, password: string): Promise<void> } {
  const client = useQueryClient();
  const enter = (session: Session): void => {
    rememberCsrf(session.csrf);
    client.clear();
    client.setQueryData(['session'], session);
  };
  return {
    signIn: async (name, password) => enter(await call<Session>('POST', '/session', { name, password })),
    setUp: async (token, name, password) => enter(await call<Session>('POST', '/setup', { token, name, password })),
    welcome: async (token, password) => enter(await call<Session>('POST', '/session/link', { token, password })),
    signOut: async () => {
      await call('DELETE', '/session');
      client.clear();
      client.setQueryData(['session'], null);
    },
  };
}
