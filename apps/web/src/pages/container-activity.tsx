import type { Activity as ActivityAnswer } from '@palisade/app-console/routes/containers';
import { Alert, Button, Checkbox, Space } from 'antd';
import type { ReactNode } from 'react';
import { useEffect, useState } from 'react';
import type { z } from 'zod';
import { call, get } from '../api.ts';
import { RecordedEvents } from '../parts/recorded-events.tsx';
import { Part } from '../parts/story.tsx';
import { useSpeech } from '../parts/text.ts';
import { useWhy } from '../parts/why.ts';
import { useMay } from '../session.tsx';

type Answer = z.infer<typeof ActivityAnswer>;

/** How often the page looks whether the agent has answered, and asks anew when it follows. */
const lookMs = 300;
const followMs = 5000;

/** What the container's processes do now: the flight recorder of its node, asked for when somebody looks. */
export function Activity({ id }: { id: string }): ReactNode {
  const { t, number } = useSpeech();
  const why = useWhy();
  const may = useMay();
  const [asked, setAsked] = useState(0);
  const [follow, setFollow] = useState(false);
  const [answer, setAnswer] = useState<Answer>();
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    if (asked === 0) return undefined;
    const stop = new AbortController();
    const path = `/containers/${encodeURIComponent(id)}/activity`;
    const run = async (): Promise<void> => {
      setBusy(true);
      try {
        const made = await call<{ id: string }>('POST', path, { seconds: 600 }, stop.signal);
        for (;;) {
          const next = await get<Answer>(`${path}/${made.id}`, {}, stop.signal);
          if (next.state === 'done' || next.state === 'failed' || next.state === 'expired') {
            setAnswer(next);
            setProblem(next.state === 'done' ? undefined : (next.message ?? next.state));
            break;
          }
          await new Promise((resolve) => setTimeout(resolve, lookMs));
          if (stop.signal.aborted) return;
        }
      } catch (error) {
        if (!stop.signal.aborted) setProblem(why(error));
      }
      if (!stop.signal.aborted) setBusy(false);
    };
    void run();
    return () => stop.abort();
    // oxlint-disable-next-line react/exhaustive-deps -- only a question starts a round
  }, [asked, id]);
  useEffect(() => {
    if (!follow) return undefined;
    const timer = setInterval(() => setAsked((count) => count + 1), followMs);
    return () => clearInterval(timer);
  }, [follow]);
  if (!may('triage')) return null;
  const around = answer?.around ?? undefined;
  return (
    <Part title={t('activity.title')}>
      <Space wrap style={{ marginBottom: 8 }}>
        <Button size="small" onClick={() => setAsked((count) => count + 1)}>{t(asked === 0 ? 'activity.ask' : 'activity.again')}</Button>
        <Checkbox checked={follow} onChange={(event) => { setFollow(event.target.checked); if (event.target.checked) setAsked((count) => count + 1); }}>{t('activity.follow')}</Checkbox>
        {busy && around === undefined ? <span role="status">{t('activity.asking')}</span> : null}
      </Space>
      {problem === undefined ? null : <Alert type="warning" role="alert" showIcon title={problem} style={{ marginBottom: 8 }} />}
      {around === undefined ? null : around.events.length === 0 ? <p>{t('activity.none')}</p> : (
        <>
          <p className="quiet">{t('activity.seconds', { seconds: number(Math.round(around.secondsBefore)) })} {around.left > 0 ? t('detections.eventsLeft', { count: number(around.left) }) : ''}</p>
          <RecordedEvents events={[...around.events].reverse()} label={t('activity.title')} />
        </>
      )}
    </Part>
  );
}
