import { useQuery } from '@tanstack/react-query';
import { Spin } from 'antd';
import type { ReactNode } from 'react';
import { get } from '../api.ts';
import { Problem } from './problem.tsx';
import { useSpeech } from './text.ts';

/** Asks the console for one thing and shows it; loading and failure have their own face. Looks again each `every` ms. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- names what the console answers
export function Loaded<T>({ path, every = 15_000, children }: { path: string; every?: number; children: (value: T) => ReactNode }): ReactNode {
  const { t } = useSpeech();
  const answer = useQuery({ queryKey: [path], queryFn: ({ signal }) => get<T>(path, {}, signal), refetchInterval: every });
  if (answer.isPending) return <Spin className="centre" description={t('common.loading')} />;
  if (answer.data === undefined) return <Problem error={answer.error} onRetry={() => void answer.refetch()} />;
  return children(answer.data);
}
