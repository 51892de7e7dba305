import { useQueryClient } from '@tanstack/react-query';
import { App } from 'antd';
import { useWhy } from './why.ts';

/** Runs a change, has the named queries loaded again, and says what went wrong; answers whether it went well. */
export function useAct(...keys: readonly string[]): <T>(work: () => Promise<T>, then?: (result: T) => void) => Promise<boolean> {
  const client = useQueryClient();
  const { message } = App.useApp();
  const why = useWhy();
  return async (work, then) => {
    try {
      const result = await work();
      then?.(result);
      for (const key of keys) await client.invalidateQueries({ queryKey: [key] });
      return true;
    } catch (error) {
      void message.error(why(error), 8);
      return false;
    }
  };
}
