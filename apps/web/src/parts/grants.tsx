import { Button, Input, Select, Space } from 'antd';
import type { ReactNode } from 'react';
import { useSpeech } from './text.ts';

export const roleNames = ['viewer', 'analyst', 'approver', 'admin'] as const;
const scopeKinds = ['all', 'cluster', 'namespace', 'project'] as const;
type ScopeKind = (typeof scopeKinds)[number];
type Scope = { cluster?: string | undefined; namespace?: string | undefined; project?: string | undefined };
export type Grant = { role: (typeof roleNames)[number]; scope: Scope };

/** A scope in words. */
export function ScopeText({ scope }: { scope: Scope }): ReactNode {
  const { t } = useSpeech();
  const parts = (['cluster', 'namespace', 'project'] as const).flatMap((kind) => (scope[kind] === undefined ? [] : [t(`scope.${kind}`, { name: scope[kind] })]));
  return parts.length === 0 ? t('scope.all') : parts.join(t('common.separator'));
}

/** Roles as a person holds them, one a line. */
export function GrantList({ grants }: { grants: readonly Grant[] }): ReactNode {
  const { t } = useSpeech();
  return grants.map((grant) => (
    <div key={JSON.stringify(grant)}>
      {t(`role.${grant.role}`)} · <ScopeText scope={grant.scope} />
    </div>
  ));
}

/** Chooses a part of the installation, or all of it. */
export function ScopeField({ scope, onChange }: { scope: Scope; onChange: (scope: Scope) => void }): ReactNode {
  const { t } = useSpeech();
  const kind: ScopeKind = scopeKinds.find((one) => one !== 'all' && scope[one] !== undefined) ?? 'all';
  return (
    <>
      <Select<ScopeKind>
        style={{ width: 150 }}
        aria-label={t('users.scopeKind')}
        value={kind}
        onChange={(next) => onChange(next === 'all' ? {} : { [next]: '' })}
        options={scopeKinds.map((one) => ({ value: one, label: one === 'all' ? t('scope.all') : t(`scope.${one}`, { name: '' }).trim() }))}
      />
      {kind === 'all' ? null : <Input style={{ width: 140 }} aria-label={t('users.scopeName')} placeholder={t('users.scopeName')} value={scope[kind] ?? ''} onChange={(event) => onChange({ [kind]: event.target.value })} />}
    </>
  );
}

/** Chooses one role and where it holds. */
export function GrantField({ grant, onChange, onRemove }: { grant: Grant; onChange: (grant: Grant) => void; onRemove?: (() => void) | undefined }): ReactNode {
  const { t } = useSpeech();
  return (
    <Space wrap style={{ marginBottom: 8 }}>
      <Select style={{ width: 260 }} aria-label={t('users.role')} value={grant.role} onChange={(role) => onChange({ ...grant, role })} options={roleNames.map((role) => ({ value: role, label: t(`role.${role}`) }))} />
      <ScopeField scope={grant.scope} onChange={(scope) => onChange({ ...grant, scope })} />
      {onRemove === undefined ? null : (
        <Button aria-label={t('users.removeRole')} title={t('users.removeRole')} onClick={onRemove}>
          ×
        </Button>
      )}
    </Space>
  );
}

/** Several roles. */
export function GrantFields({ grants, onChange }: { grants: readonly Grant[]; onChange: (grants: Grant[]) => void }): ReactNode {
  const { t } = useSpeech();
  return (
    <div>
      {grants.map((grant, index) => (
        <GrantField
          // oxlint-disable-next-line react/no-array-index-key -- lines have no identity but their place
          key={index}
          grant={grant}
          onChange={(next) => onChange(grants.map((one, at) => (at === index ? next : one)))}
          onRemove={grants.length > 1 ? () => onChange(grants.filter((_, at) => at !== index)) : undefined}
        />
      ))}
      <Button onClick={() => onChange([...grants, { role: 'viewer', scope: {} }])}>{t('users.addRole')}</Button>
    </div>
  );
}
