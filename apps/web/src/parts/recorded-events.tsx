import type { Around } from '@palisade/model/detection';
import { Table } from 'antd';
import type { ReactNode } from 'react';
import { useSpeech } from './text.ts';
import { Wide } from './wide.tsx';

type Event = Around['events'][number];

/** The recorder's raw events, each with its distance in time. */
export function RecordedEvents({ events, label }: { events: readonly Event[]; label: string }): ReactNode {
  const { t, number, locale } = useSpeech();
  return (
    <Wide label={label}>
      <Table
        size="small" pagination={events.length > 100 ? { pageSize: 100, showSizeChanger: false } : false} rowKey="key" dataSource={events.map((event, key) => ({ ...event, key }))}
        columns={[
          { title: t('detections.offset'), key: 'offset', className: 'number', render: (_, event) => new Intl.NumberFormat(locale, { minimumFractionDigits: 3, maximumFractionDigits: 3, signDisplay: 'exceptZero' }).format(event.offset) },
          { title: t('detections.event'), dataIndex: 'type' },
          { title: t('detections.process'), key: 'process', render: (_, event) => <>{event.process} <span className="quiet">{number(event.pid)}</span></> },
          { title: t('detections.subject'), key: 'subject', render: (_, event) => <span className="mono">{subjectOf(event)}</span> },
          { title: t('detections.result'), key: 'result', className: 'number', render: (_, event) => event.result ?? '' },
        ]}
      />
    </Wide>
  );
}

function subjectOf(event: Event): string {
  return [event.arguments?.join(' ') ?? event.path, event.target, event.peer, event.question, event.addresses?.join(' ')].filter((part) => part !== undefined && part !== '').join(' → ');
}

/** Rows of the drawing, from what starts a process to what it touches. */
const rows: readonly { readonly label: string; readonly types: RegExp }[] = [
  { label: 'exec', types: /^(exec|exit)/ },
  { label: 'file', types: /^(open|creat|rename)/ },
  { label: 'net', types: /^(connect|accept)/ },
  { label: 'dns', types: /^dns/ },
  { label: 'user', types: /^set/ },
];
const size = { width: 900, row: 22, left: 60, top: 8 } as const;

/** The events before and after a detection along time: where they crowd is seen before any is read. Words stand in the table below. */
export function Timeline({ around }: { around: Around }): ReactNode {
  const { t, locale } = useSpeech();
  const { events } = around;
  if (events.length === 0) return null;
  const from = Math.min(-0.5, ...events.map((event) => event.offset));
  const to = Math.max(0.5, ...events.map((event) => event.offset));
  const x = (offset: number): number => size.left + ((offset - from) / (to - from)) * (size.width - size.left - 10);
  const height = size.top + rows.length * size.row + 20;
  const seconds = (value: number): string => new Intl.NumberFormat(locale, { maximumFractionDigits: 1, signDisplay: 'exceptZero' }).format(value);
  return (
    <Wide label={t('detections.timeline')}>
      <svg className="timeline" viewBox={`0 0 ${size.width} ${height}`} width={size.width} height={height} role="img" aria-label={t('detections.timeline')}>
        {rows.map(({ label, types }, row) => (
          <g key={label}>
            <text x={4} y={size.top + row * size.row + 14}>{label}</text>
            <line x1={size.left} x2={size.width - 10} y1={size.top + row * size.row + 10} y2={size.top + row * size.row + 10} />
            {events.map((event, index) => (types.test(event.type) ? (
              // oxlint-disable-next-line react/no-array-index-key -- events of one fixed recording
              <circle key={index} cx={x(event.offset)} cy={size.top + row * size.row + 10} r={4}><title>{`${seconds(event.offset)} s ${event.type} ${event.process} ${subjectOf(event)}`.slice(0, 300)}</title></circle>
            ) : null))}
          </g>
        ))}
        <line className="moment" x1={x(0)} x2={x(0)} y1={2} y2={height - 16} />
        <text x={x(0)} y={height - 3} textAnchor={x(0) > size.width * 0.8 ? 'end' : 'middle'}>{t('detections.now')}</text>
        <text x={size.left} y={height - 3}>{`${seconds(from)} s`}</text>
      </svg>
    </Wide>
  );
}
