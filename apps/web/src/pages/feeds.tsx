import type { FeedList, PullPlan } from '@palisade/app-console/routes/feeds';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, App, Button, Descriptions, Modal, Popconfirm, Progress, Space, Spin, Table, Typography } from 'antd';
import type { ReactNode } from 'react';
import { useRef, useState } from 'react';
import type { z } from 'zod';
import { ApiError, call, get, upload } from '../api.ts';
import { FeedSources } from '../parts/feed-sources.tsx';
import { useFilters } from '../parts/filters.ts';
import { Problem } from '../parts/problem.tsx';
import { RecentTasks } from '../parts/recent-tasks.tsx';
import { useSpeech } from '../parts/text.ts';
import { useWhy } from '../parts/why.ts';
import { Wide } from '../parts/wide.tsx';
import { useMay } from '../session.tsx';

type Feed = z.infer<typeof FeedList>['items'][number];

/** Feed bundles: what is known, how old it is and what it covers; getting another. */
export function Feeds(): ReactNode {
  const { t } = useSpeech();
  const may = useMay();
  const feeds = useQuery({ queryKey: ['/feeds'], queryFn: ({ signal }) => get<z.infer<typeof FeedList>>('/feeds', {}, signal), refetchInterval: 15_000 });
  if (feeds.isPending) return <Spin className="centre" description={t('common.loading')} />;
  if (feeds.data === undefined) return <Problem error={feeds.error} onRetry={() => void feeds.refetch()} />;
  const { items, images } = feeds.data;
  const active = items.find((feed) => feed.active);
  return (
    <>
      <Typography.Title level={1} className="page-title">
        {t('nav.feeds')}
      </Typography.Title>
      <p className="intro">{t('feeds.intro')}</p>
      {may('manage-feeds') ? <GetFeed /> : null}
      {active === undefined ? (
        <Alert
          type="warning"
          showIcon
          title={t('feeds.none')}
          description={
            <>
              {t('feeds.noneNext')} <Typography.Text code copyable>./palisade feed build --out feed.db SOURCE...</Typography.Text>
            </>
          }
        />
      ) : (
        <>
          <InUse feed={active} images={images} />
          <h2 className="section-title">{t('feeds.sources')}</h2>
          <FeedSources feed={active} />
        </>
      )}
      {items.some((feed) => !feed.active) ? <Stored feeds={items.filter((feed) => !feed.active)} /> : null}
      <h2 className="section-title">{t('task.recent')}</h2>
      <RecentTasks />
    </>
  );
}

function InUse({ feed, images }: { feed: Feed; images: z.infer<typeof FeedList>['images'] }): ReactNode {
  const { t, number, ago, exact, bytes } = useSpeech();
  const waiting = images.waiting === 0 ? '' : `${t('common.separator')}${t('feeds.imagesWaiting', { count: number(images.waiting) })}`;
  return (
    <Descriptions
      title={t('feeds.current')}
      size="small"
      bordered
      column={2}
      items={[
        { key: 'data', label: t('feeds.data'), children: Number.isNaN(Date.parse(feed.built)) ? feed.built : <span title={exact(feed.built)}>{ago(feed.built)}</span> },
        { key: 'counts', label: t('feeds.counts'), children: t('feeds.countsText', { advisories: number(feed.counts.advisories), packages: number(feed.counts.packages), cves: number(feed.counts.cves) }) },
        { key: 'images', label: t('feeds.images'), children: `${t('feeds.imagesText', { current: number(images.current), scanned: number(images.scanned) })}${waiting}` },
        { key: 'imported', label: t('feeds.imported'), children: t('feeds.importedBy', { when: ago(feed.importedAt), name: feed.importedBy }) },
        { key: 'sha', label: t('feeds.digest'), children: <Typography.Text className="mono" copyable={{ text: feed.sha256 }}>{feed.sha256.slice(0, 16)}…</Typography.Text> },
        { key: 'size', label: t('feeds.size'), children: bytes(feed.size) },
      ]}
    />
  );
}

function GetFeed(): ReactNode {
  const { t } = useSpeech();
  const client = useQueryClient();
  const { message } = App.useApp();
  const why = useWhy();
  const input = useRef<HTMLInputElement>(null);
  const [sent, setSent] = useState<number>();
  const [problem, setProblem] = useState<unknown>();
  const [file, setFile] = useState<File>();
  // The question stands in the address: "get a feed" elsewhere leads here with it already put.
  const { get: filter, set } = useFilters();
  const wanted = filter('pull') === '1';
  const { data: plan, error: noPlan, refetch } = useQuery({ queryKey: ['/feeds/pull'], queryFn: ({ signal }) => get<z.infer<typeof PullPlan>>('/feeds/pull', {}, signal), enabled: wanted });
  const again = (): void => {
    void client.invalidateQueries({ queryKey: ['/feeds'] });
    void client.invalidateQueries({ queryKey: ['/tasks'] });
  };
  const send = async (chosen: File, allowShrink: boolean): Promise<void> => {
    setFile(chosen);
    setProblem(undefined);
    setSent(0);
    try {
      await upload(`/feeds${allowShrink ? '?allowShrink=true' : ''}`, chosen, setSent);
      void message.success(t('feeds.importDone'));
      again();
    } catch (error) {
      setProblem(error);
    } finally {
      setSent(undefined);
    }
  };
  const start = async (): Promise<void> => {
    setProblem(undefined);
    try {
      await call('POST', '/feeds/pull', { ecosystems: plan?.ecosystems, hosts: plan?.hosts });
      again();
    } catch (error) {
      setProblem(error);
    }
    set('pull', '');
  };
  const shrank = problem instanceof ApiError && problem.code === 'bundle-shrank' && file !== undefined;
  return (
    <>
      <Space wrap className="actions">
        <Button type="primary" onClick={() => set('pull', '1')}>
          {t('feeds.pull')}
        </Button>
        <Button loading={sent !== undefined} onClick={() => input.current?.click()}>
          {t('feeds.import')}
        </Button>
        <input
          ref={input}
          type="file"
          hidden
          aria-label={t('feeds.import')}
          onChange={(event) => {
            const chosen = event.target.files?.[0];
            event.target.value = '';
            if (chosen !== undefined) void send(chosen, false);
          }}
        />
      </Space>
      {sent === undefined ? null : (
        <div role="status" style={{ maxWidth: 480 }}>
          {sent < 1 ? t('feeds.importing', { percent: Math.floor(sent * 100) }) : t('feeds.verifying')}
          <Progress percent={Math.floor(sent * 100)} showInfo={false} size="small" status="active" aria-label={t('feeds.import')} />
        </div>
      )}
      {wanted && noPlan !== null ? <Problem error={noPlan} onRetry={() => void refetch()} /> : null}
      {problem === undefined ? null : (
        <Alert
          type="error"
          showIcon
          role="alert"
          style={{ marginBottom: 12 }}
          title={shrank ? t('feeds.shrank') : why(problem)}
          description={shrank ? problem.message : undefined}
          action={shrank ? <Button onClick={() => void send(file, true)}>{t('feeds.importAnyway')}</Button> : undefined}
        />
      )}
      <Modal open={wanted && plan !== undefined} title={t('feeds.pullTitle')} okText={t('feeds.pullStart')} cancelText={t('feeds.later')} onOk={() => void start()} onCancel={() => set('pull', '')}>
        <p>{t('feeds.pullText', { files: plan?.files.length ?? 0 })}</p>
        <ul className="mono">
          {(plan?.hosts ?? []).map((host) => (
            <li key={host}>{host}</li>
          ))}
        </ul>
      </Modal>
    </>
  );
}

function Stored({ feeds }: { feeds: readonly Feed[] }): ReactNode {
  const { t, ago, exact, bytes } = useSpeech();
  const may = useMay();
  const client = useQueryClient();
  const { message, modal } = App.useApp();
  const why = useWhy();
  const act = (work: Promise<unknown>): void => {
    work.then(
      () => void client.invalidateQueries({ queryKey: ['/feeds'] }),
      (error: unknown) => void message.error(why(error)),
    );
  };
  // Going back to much less is possible, but only after one has read what would be lost.
  const activate = (sha256: string, allowShrink: boolean): void => {
    call('POST', `/feeds/${sha256}/activate`, { allowShrink }).then(
      () => void client.invalidateQueries({ queryKey: ['/feeds'] }),
      (error: unknown) => {
        if (!(error instanceof ApiError && error.code === 'bundle-shrank')) return void message.error(why(error));
        modal.confirm({ title: t('feeds.activateShrank'), content: error.message, okText: t('feeds.activateAnyway'), cancelText: t('feeds.later'), onOk: () => activate(sha256, true) });
      },
    );
  };
  return (
    <>
      <h2 className="section-title">{t('feeds.stored')}</h2>
      <Wide label={t('feeds.stored')}>
        <Table
          size="small"
          rowKey="sha256"
          pagination={false}
          dataSource={[...feeds]}
          columns={[
            { title: t('feeds.digest'), key: 'sha', render: (_, row) => <span className="mono">{row.sha256.slice(0, 16)}…</span> },
            { title: t('feeds.data'), key: 'built', render: (_, row) => (Number.isNaN(Date.parse(row.built)) ? row.built : <span title={exact(row.built)}>{ago(row.built)}</span>) },
            { title: t('feeds.imported'), key: 'imported', render: (_, row) => t('feeds.importedBy', { when: ago(row.importedAt), name: row.importedBy }) },
            { title: t('feeds.size'), key: 'size', className: 'number', render: (_, row) => bytes(row.size) },
            {
              title: '',
              key: 'actions',
              render: (_, row) =>
                may('manage-feeds') ? (
                  <Space>
                    <Button onClick={() => activate(row.sha256, false)}>{t('feeds.activate')}</Button>
                    <Popconfirm title={t('feeds.removeConfirm')} onConfirm={() => act(call('DELETE', `/feeds/${row.sha256}`))}>
                      <Button>{t('feeds.remove')}</Button>
                    </Popconfirm>
                  </Space>
                ) : null,
            },
          ]}
        />
      </Wide>
    </>
  );
}
