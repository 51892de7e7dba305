import { rulePriorities } from '@palisade/model/detection';
import { Checkbox, Input, InputNumber, Modal, Select, Switch } from 'antd';
import type { ReactNode } from 'react';
import { call } from '../../api.ts';
import type { TextKey } from '../../i18n/en.ts';
import { useAct } from '../../parts/act.ts';
import { ScopeField } from '../../parts/grants.tsx';
import { useSpeech } from '../../parts/text.ts';
import { bodyOf, fieldsOf, kinds, newDraft } from './channel-draft.ts';
import type { Draft, Field, Kind, Source } from './channel-draft.ts';

const sources: readonly Source[] = ['incident', 'detection', 'waf'];

/** Adds or changes a channel. */
export function ChannelForm({ draft, onChange, onClose }: { draft: Draft | undefined; onChange: (draft: Draft) => void; onClose: () => void }): ReactNode {
  const { t } = useSpeech();
  const act = useAct('/alert-channels');
  const save = async (): Promise<void> => {
    if (draft === undefined) return;
    if (await act(() => (draft.id === undefined ? call('POST', '/alert-channels', bodyOf(draft)) : call('PUT', `/alert-channels/${draft.id}`, bodyOf(draft))))) onClose();
  };
  return (
    <Modal open={draft !== undefined} width={680} title={t(draft?.id === undefined ? 'alerts.add' : 'alerts.edit')} okText={t('common.save')} cancelText={t('common.cancel')} okButtonProps={{ disabled: draft?.name.trim() === '' || draft?.sources.length === 0 }} onOk={() => void save()} onCancel={onClose}>
      {draft === undefined ? null : <Fields draft={draft} onChange={onChange} />}
    </Modal>
  );
}

function Fields({ draft, onChange }: { draft: Draft; onChange: (draft: Draft) => void }): ReactNode {
  const { t } = useSpeech();
  const kind = draft.kind as Kind;
  return (
    <div className="channel-form">
      <Line label={t('alerts.kind')}>
        <Select aria-label={t('alerts.kind')} value={kind} disabled={draft.id !== undefined} onChange={(next: Kind) => onChange({ ...newDraft(next, draft.language), name: draft.name })} options={kinds.map((one) => ({ value: one, label: t(`alerts.kind.${one}`) }))} />
      </Line>
      <Line label={t('alerts.name')}>
        <Input aria-label={t('alerts.name')} value={draft.name} maxLength={100} onChange={(event) => onChange({ ...draft, name: event.target.value })} />
      </Line>
      <p className="quiet">{t(`alerts.about.${kind}`)}</p>
      {fieldsOf[kind].map((field) => (
        <Line key={field.name} label={`${t(`alerts.field.${field.name}` as TextKey)}${field.optional === true ? ` (${t('alerts.optional')})` : ''}`}>
          <Value field={field} draft={draft} onChange={onChange} />
        </Line>
      ))}
      <Line label={t('alerts.what')}>
        <Checkbox.Group value={draft.sources} options={sources.map((source) => ({ value: source, label: t(`alerts.source.${source}`) }))} onChange={(next) => onChange({ ...draft, sources: sources.filter((source) => next.includes(source)) })} />
      </Line>
      <Line label={t('alerts.minPriority')}>
        <Select aria-label={t('alerts.minPriority')} value={draft.minPriority} onChange={(minPriority) => onChange({ ...draft, minPriority })} options={rulePriorities.map((priority) => ({ value: priority, label: t(`rulePriority.${priority}`) }))} />
      </Line>
      <Line label={t('alerts.scope')}>
        <ScopeField scope={draft.scope} onChange={(scope) => onChange({ ...draft, scope })} />
      </Line>
      <Line label={t('alerts.hourly')}>
        <InputNumber aria-label={t('alerts.hourly')} min={1} max={10_000} precision={0} value={draft.hourly} onChange={(hourly) => onChange({ ...draft, hourly: hourly ?? 60 })} />
        <div className="quiet">{t('alerts.hourlyHint')}</div>
      </Line>
      <Line label={t('alerts.language')}>
        <Select aria-label={t('alerts.language')} value={draft.language} onChange={(language) => onChange({ ...draft, language })} options={[{ value: 'zh-CN', label: '中文' }, { value: 'en', label: 'English' }]} />
      </Line>
      <Line label={t('alerts.enabled')}>
        <Switch aria-label={t('alerts.enabled')} checked={draft.enabled} onChange={(enabled) => onChange({ ...draft, enabled })} />
      </Line>
    </div>
  );
}

function Line({ label, children }: { label: string; children: ReactNode }): ReactNode {
  return (
    <div className="channel-line">
      <span>{label}</span>
      <div>{children}</div>
    </div>
  );
}

function Value({ field, draft, onChange }: { field: Field; draft: Draft; onChange: (draft: Draft) => void }): ReactNode {
  const { t } = useSpeech();
  const label = t(`alerts.field.${field.name}` as TextKey);
  const set = (value: unknown): void => onChange({ ...draft, config: { ...draft.config, [field.name]: value } });
  const value = draft.config[field.name];
  const text = typeof value === 'string' ? value : '';
  if (field.secret === true) {
    const placeholder = draft.known.includes(field.name) ? t('alerts.secretKept') : '';
    return <Input.Password aria-label={label} autoComplete="new-password" placeholder={placeholder} value={draft.secret[field.name] ?? ''} onChange={(event) => onChange({ ...draft, secret: changed(draft.secret, field.name, event.target.value) })} />;
  }
  if (field.type === 'number') return <InputNumber aria-label={label} min={0} max={65_535} precision={0} value={typeof value === 'number' ? value : null} onChange={set} />;
  if (field.type === 'list') return <Select aria-label={label} mode="tags" open={false} suffixIcon={null} tokenSeparators={[',', ' ', ';']} value={Array.isArray(value) ? (value as string[]) : []} onChange={set} />;
  if (field.type === 'choice') return <Select aria-label={label} value={text} onChange={set} options={(field.options ?? []).map((option) => ({ value: option, label: t(`alerts.option.${option}` as TextKey) }))} />;
  if (field.type === 'area') return <Input.TextArea aria-label={label} className="mono" rows={3} value={text} onChange={(event) => set(event.target.value)} />;
  return <Input aria-label={label} placeholder={field.example} value={text} onChange={(event) => set(event.target.value)} />;
}

/** A secret field left empty is not sent at all: the value that is kept stays. */
function changed(secret: Readonly<Record<string, string>>, name: string, value: string): Record<string, string> {
  const { [name]: _, ...others } = secret;
  return value === '' ? others : { ...others, [name]: value };
}
