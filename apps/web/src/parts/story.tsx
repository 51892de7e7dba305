import { Typography } from 'antd';
import type { ReactNode } from 'react';
import { useSpeech } from './text.ts';

/** A page's one heading, with what stands beside it. */
export function PageTitle({ children, aside }: { children: ReactNode; aside?: ReactNode }): ReactNode {
  return (
    <div className="page-head">
      <Typography.Title level={1} className="page-title">
        {children}
      </Typography.Title>
      {aside}
    </div>
  );
}

/** A part of a page under its own heading. */
export function Part({ title, children, aside }: { title: string; children: ReactNode; aside?: ReactNode }): ReactNode {
  return (
    <section aria-label={title} className="part">
      <div className="page-head">
        <h2 className="section-title">{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}

/** Digest, path, purl: in monospace, with a button that copies the whole of it even where it is shown short. */
export function Mono({ text, short }: { text: string; short?: string }): ReactNode {
  return (
    <Typography.Text className="mono" copyable={{ text }} title={short === undefined ? undefined : text}>
      {short ?? text}
    </Typography.Text>
  );
}

/** A command or a diff to take along. */
export function Command({ text }: { text: string }): ReactNode {
  return (
    <div className="command">
      <pre>{text}</pre>
      <Typography.Text copyable={{ text }} />
    </div>
  );
}

/** "3 min ago", the exact time on hover; nothing known is a dash. */
export function When({ at }: { at: string | null | undefined }): ReactNode {
  const { ago, exact } = useSpeech();
  if (at === null || at === undefined || at === '') return <span>–</span>;
  return (
    <time dateTime={at} title={exact(at)}>
      {ago(at)}
    </time>
  );
}

/** Facts side by side: term and value. */
export function Facts({ items }: { items: readonly { label: string; value: ReactNode }[] }): ReactNode {
  return (
    <dl className="facts">
      {items.map(({ label, value }) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The parts of a priority as labelled bars: what each contributed of what it could have, and why. */
export function PriorityBars({ priority }: { priority: { score: number; parts: readonly { name: string; value: number; why: { en: string; 'zh-CN': string } }[] } }): ReactNode {
  const { t, say, number, locale } = useSpeech();
  const most: Readonly<Record<string, number>> = { severity: 40, kev: 20, epss: 10, exploit: 5, fix: 5, layer: 2, running: 8, exposed: 5, privileged: 5 };
  return (
    <div className="bars">
      {priority.parts.map((part) => {
        const ceiling = Math.max(most[part.name] ?? 10, Math.abs(part.value));
        return (
          <div key={part.name} className="bar-row">
            <span>{t(`priority.${part.name}` as 'priority.severity')}</span>
            <span className="bar" style={{ width: `${4 * ceiling}px` }} aria-hidden="true">
              <span className={part.value < 0 ? 'bar-fill less' : 'bar-fill'} style={{ width: `${Math.round((100 * Math.abs(part.value)) / ceiling)}%` }} />
            </span>
            <span className="number">{new Intl.NumberFormat(locale, { maximumFractionDigits: 1 }).format(part.value)}</span>
            <span className="quiet">{say(part.why)}</span>
          </div>
        );
      })}
      <div className="bar-row">
        <b>{t('priority.sum')}</b>
        <span />
        <b className="number">{number(Math.round(priority.score))}</b>
        <span />
      </div>
    </div>
  );
}
