import type { Fault } from '@palisade/app-console/routes/documents';
import type { Trial } from '@palisade/app-console/routes/policies';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, App, Button, Input, Popconfirm, Spin, Typography } from 'antd';
import type { ComponentRef, ReactNode } from 'react';
import { useEffect, useRef, useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import type { z } from 'zod';
import { ApiError, call, get } from '../api.ts';
import type { StoredDocument } from '../parts/documents.tsx';
import { History, Place, StateTag } from '../parts/documents.tsx';
import { Problem } from '../parts/problem.tsx';
import { useSpeech } from '../parts/text.ts';
import { useWhy } from '../parts/why.ts';
import { TrialResult } from '../parts/trial.tsx';
import { useMay } from '../session.tsx';

type FaultRow = z.infer<typeof Fault>;

const draft = `apiVersion: palisade/v1
kind: GatePolicy
metadata: {name: my-policy, scope: {}, owner: console}
spec:
  mode: warn            # monitor | warn | enforce
  onUnknown: warn       # packages no feed covers
  onPartial: warn       # scans with gaps
  maxFeedAge: 7d
  rules:
    - id: exploited
      when: finding.kind == "vulnerability" && finding.kev
      then: deny
      because: {en: "It is being exploited in the wild.", zh-CN: "该漏洞正在被实际利用。"}
    - id: fixable-critical
      when: finding.kind == "vulnerability" && finding.severity == "critical" && finding.fixed != ""
      then: deny
      because: {en: "A fix exists.", zh-CN: "已有修复版本。"}
`;

const responseDraft = `apiVersion: palisade/v1
kind: ResponsePolicy
metadata: {name: my-response, scope: {}, owner: console}
spec:
  mode: monitor         # monitor: only note what would be done | enforce
  rules:                # after a rule matched
    - id: contain-shells
      when: {priority: Critical, tags: [mitre_execution]}
      where: {image: "shop/*"}
      then: [collect, isolate, kill-process]   # alert kill-process pause stop kill isolate collect prevent
      undoAfter: 1h
      because: {en: "A shell that a stranger steers.", zh-CN: "由他人操控的 shell。"}
  deny: []              # before the first instruction: {id: no-tools, names: [nc, ncat]} or {id: image-only, where: {image: "shop/*"}, imageOnly: true, memory: true}
  hold: []              # new containers: {id: scanned-only, where: {image: "shop/*"}, until: scanned, seconds: 30, otherwise: release}
`;

const siteDraft = `apiVersion: palisade/v1
kind: WafSite
metadata: {name: my-site, scope: {}, owner: console}
spec:
  where: {image: "shop/*"}   # cluster, namespace, project, workload, image, container; * stands for anything
  ports: [8080]              # inside the container
  mode: detect               # off | detect | block
  paranoia: 1                # 1 to 4
  virtualPatches: true       # rules against the known use of vulnerabilities, before containers whose image has them
  fail: open                 # while no worker serves: open | closed
  routes: []                 # the first that fits: {path: /health, mode: off} or {path: "/api/*", methods: [GET], mode: detect}
  exclusions: []             # from requests on the page “Web protection”
`;

/** What differs between the kinds of policies that are edited here. */
const kinds = {
  GatePolicy: { draft, path: '/policies', new: 'policy.new', saved: 'policy.saved', off: 'policy.offConfirm', tried: true },
  WafSite: { draft: siteDraft, path: '/web-protection/sites', new: 'wafSite.new', saved: 'wafSite.saved', off: 'wafSite.offConfirm', tried: false },
  ResponsePolicy: { draft: responseDraft, path: '/response-policies', new: 'responsePolicy.new', saved: 'responsePolicy.saved', off: 'responsePolicy.offConfirm', tried: false },
} as const;
type Kind = keyof typeof kinds;

/** A gate policy: its text with every fault at its place, what it would change, its switch and its history. */
export function PolicyPage(): ReactNode {
  return <OnePolicy kind="GatePolicy" />;
}

/** A response policy: the same, and agents act by it at once. */
export function ResponsePolicyPage(): ReactNode {
  return <OnePolicy kind="ResponsePolicy" />;
}

/** A site of the firewall: the same, and agents bring it into being at once. */
export function WafSitePage(): ReactNode {
  return <OnePolicy kind="WafSite" />;
}

function OnePolicy({ kind }: { kind: Kind }): ReactNode {
  const { id = '' } = useParams();
  const { t } = useSpeech();
  const fresh = id === 'new';
  const found = useQuery({ queryKey: ['/documents/one', id], queryFn: ({ signal }) => get<StoredDocument>(`/documents/${encodeURIComponent(id)}`, {}, signal), enabled: !fresh });
  if (fresh) return <Editor key={`new ${kind}`} stored={undefined} kind={kind} />;
  if (found.isPending) return <Spin className="centre" description={t('common.loading')} />;
  if (found.data === undefined) return <Problem error={found.error} onRetry={() => void found.refetch()} />;
  return <Editor key={id} stored={found.data} kind={kind} />;
}

function Editor({ stored, kind }: { stored: StoredDocument | undefined; kind: Kind }): ReactNode {
  const words = kinds[kind];
  const { t } = useSpeech();
  const may = useMay();
  const why = useWhy();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { message } = App.useApp();
  const area = useRef<ComponentRef<typeof Input.TextArea>>(null);
  const [base, setBase] = useState(stored);
  const [text, setText] = useState(stored?.text ?? words.draft);
  const [trial, setTrial] = useState<z.infer<typeof Trial>>();
  const [busy, setBusy] = useState<'save' | 'try' | 'state'>();
  const [problem, setProblem] = useState<unknown>();
  const checked = useFaults(text);
  const git = stored?.owner === 'git';
  const editable = may('edit-policy') && !git;
  const changed = text !== (base?.text ?? '');
  // A change by somebody else is taken over silently as long as nothing was typed here.
  if (stored !== undefined && base !== undefined && stored.version !== base.version && text === base.text) {
    setBase(stored);
    setText(stored.text);
  }
  const run = async (what: 'save' | 'try' | 'state', work: () => Promise<void>): Promise<void> => {
    setBusy(what);
    setProblem(undefined);
    try {
      await work();
    } catch (error) {
      setProblem(error);
    } finally {
      setBusy(undefined);
    }
  };
  const taken = (next: StoredDocument): void => {
    setBase(next);
    setText(next.text);
    client.setQueryData(['/documents/one', next.id], next);
    void client.invalidateQueries({ queryKey: ['/documents'] });
    void client.invalidateQueries({ queryKey: ['/documents/history', next.id] });
    void client.invalidateQueries({ queryKey: ['/tasks'] });
  };
  const save = (): Promise<void> =>
    run('save', async () => {
      const next = base === undefined ? await call<StoredDocument>('POST', '/documents', { text, version: 0 }) : await call<StoredDocument>('PUT', `/documents/${base.id}`, { text, version: base.version });
      taken(next);
      void message.success(t(words.saved, { version: next.version }));
      if (base === undefined) await navigate(`${words.path}/${next.id}`, { replace: true });
    });
  const attempt = (): Promise<void> => run('try', async () => setTrial(await call('POST', '/policies/try', { text })));
  const turn = (state: 'active' | 'inactive'): Promise<void> => run('state', async () => taken(await call('POST', `/policies/${base?.id ?? ''}/state`, { state, version: base?.version })));
  const remove = (): Promise<void> =>
    run('state', async () => {
      await call('DELETE', `/documents/${base?.id ?? ''}?version=${base?.version ?? 0}`);
      await client.invalidateQueries({ queryKey: ['/documents'] });
      await navigate(words.path);
    });
  const goTo = (fault: FaultRow): void => {
    const element = area.current?.resizableTextArea?.textArea;
    if (element === undefined) return;
    const at = text.split('\n').slice(0, fault.line - 1).reduce((sum, line) => sum + line.length + 1, 0) + fault.column - 1;
    element.focus();
    element.setSelectionRange(at, at);
    element.scrollTop = Math.max(0, (fault.line - 5) * 18);
  };

  return (
    <>
      <Typography.Title level={1} className="page-title">
        {base?.name ?? t(words.new)}
      </Typography.Title>
      {base === undefined ? null : (
        <p>
          <StateTag state={base.state} /> {t('policy.version', { version: base.version })} · <Place at={base} /> · {t(`owner.${base.owner}`)}
        </p>
      )}
      {git ? <Alert type="info" showIcon title={t('policy.gitOwned')} style={{ marginBottom: 12 }} /> : editable ? null : <Alert type="info" showIcon title={t('policy.noRight')} style={{ marginBottom: 12 }} />}
      <Input.TextArea ref={area} className="editor" wrap="off" aria-label={t('policy.text')} value={text} readOnly={!editable} autoSize={{ minRows: 12, maxRows: 30 }} spellCheck={false} onChange={(event) => setText(event.target.value)} />
      <Faults checked={checked} onPick={goTo} />
      {problem === undefined ? null : (
        <Alert
          type="error"
          showIcon
          role="alert"
          title={<span style={{ whiteSpace: 'pre-wrap' }}>{why(problem)}</span>}
          action={
            problem instanceof ApiError && problem.code === 'conflict' && stored !== undefined ? (
              <Button onClick={() => void run('state', async () => taken(await get<StoredDocument>(`/documents/${stored.id}`)))}>{t('policy.reload')}</Button>
            ) : undefined
          }
        />
      )}
      <div className="actions">
        {editable ? (
          <Button type="primary" disabled={!changed || checked.faults.length > 0} loading={busy === 'save'} onClick={() => void save()}>
            {t('policy.save')}
          </Button>
        ) : null}
        {may('edit-policy') && words.tried ? (
          <Button disabled={checked.faults.length > 0} loading={busy === 'try'} onClick={() => void attempt()}>
            {t(busy === 'try' ? 'policy.trying' : 'policy.try')}
          </Button>
        ) : null}
        {editable && base?.state === 'inactive' ? (
          <Button loading={busy === 'state'} onClick={() => void turn('active')}>
            {t('policy.on')}
          </Button>
        ) : null}
        {editable && base?.state === 'active' ? (
          <Popconfirm title={t(words.off)} onConfirm={() => void turn('inactive')}>
            <Button loading={busy === 'state'}>{t('policy.off')}</Button>
          </Popconfirm>
        ) : null}
        {editable && base !== undefined ? (
          <Popconfirm title={t('policy.removeConfirm')} onConfirm={() => void remove()}>
            <Button danger>{t('policy.remove')}</Button>
          </Popconfirm>
        ) : null}
      </div>
      {trial === undefined ? null : <TrialResult trial={trial} />}
      {base === undefined ? null : (
        <>
          <h2 className="section-title">{t('policy.history')}</h2>
          <History id={base.id} />
        </>
      )}
    </>
  );
}

type Checked = { state: 'checking' | 'checked' | 'failed'; faults: readonly FaultRow[]; why?: string };

/** Faults of the text, asked of the console shortly after the last key. */
function useFaults(text: string): Checked {
  const [checked, setChecked] = useState<Checked>({ state: 'checking', faults: [] });
  useEffect(() => {
    const stop = new AbortController();
    const timer = setTimeout(() => {
      call<{ faults: FaultRow[] }>('POST', '/documents/check', { text, file: 'policy' }, stop.signal)
        .then(({ faults }) => setChecked({ state: 'checked', faults }))
        .catch((error: unknown) => {
          if (!stop.signal.aborted) setChecked({ state: 'failed', faults: [], why: error instanceof Error ? error.message : String(error) });
        });
    }, 400);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [text]);
  return checked;
}

function Faults({ checked, onPick }: { checked: Checked; onPick: (fault: FaultRow) => void }): ReactNode {
  const { t } = useSpeech();
  if (checked.state === 'failed') return <Alert type="warning" title={checked.why} />;
  if (checked.faults.length === 0) return <p role="status">{t(checked.state === 'checking' ? 'policy.checking' : 'policy.valid')}</p>;
  return (
    <Alert
      type="error"
      role="status"
      style={{ margin: '8px 0' }}
      title={t('policy.faults', { count: checked.faults.length })}
      description={
        <ul style={{ margin: 0, paddingInlineStart: 16 }}>
          {checked.faults.slice(0, 20).map((fault) => (
            <li key={`${fault.line}:${fault.column}:${fault.cause}`}>
              <Button type="link" size="small" style={{ padding: 0 }} onClick={() => onPick(fault)}>
                {t('policy.fault', { line: fault.line, column: fault.column })}
              </Button>{' '}
              <span className="mono">{fault.cause}</span>
            </li>
          ))}
        </ul>
      }
    />
  );
}
