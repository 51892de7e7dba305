import { covers } from '@palisade/model/scope';
import type { Scope } from '@palisade/model/scope';

export const roles = ['viewer', 'analyst', 'approver', 'admin'] as const;
export type Role = (typeof roles)[number];

/** `public` needs nobody, `signed-in` anybody; the rest are held by roles. */
export const permissions = ['read', 'triage', 'request-waiver', 'approve-waiver', 'edit-policy', 'submit-scan', 'respond', 'manage-feeds', 'manage-agents', 'manage-users', 'manage-tokens', 'manage-settings', 'read-audit'] as const;
export type Permission = (typeof permissions)[number];
export type RoutePermission = Permission | 'public' | 'signed-in';

const viewer: readonly Permission[] = ['read'];
const analyst: readonly Permission[] = [...viewer, 'triage', 'request-waiver', 'submit-scan'];
const approver: readonly Permission[] = [...analyst, 'approve-waiver', 'edit-policy', 'respond'];
const held: Readonly<Record<Role, readonly Permission[]>> = {
  viewer,
  analyst,
  approver,
  admin: [...approver, 'manage-feeds', 'manage-agents', 'manage-users', 'manage-tokens', 'manage-settings', 'read-audit'],
};

/** Things of the installation as a whole: a role in one cluster gives nothing here. */
const installationWide: ReadonlySet<Permission> = new Set(['manage-feeds', 'manage-users', 'manage-tokens', 'manage-settings', 'read-audit']);

export type Grant = { role: Role; scope: Scope };
/** `person`: whose token it is; a token never counts as somebody else than its maker. */
export type Principal = { kind: 'user' | 'token'; id: string; name: string; person?: string; grants: readonly Grant[]; session?: { hash: string; csrf: string } };

/**
 * The one place where permission is decided: the scopes in which `principal` holds `permission`; none means no.
 * Lists are narrowed to them, single objects are judged by `may`.
 */
export function scopesWith(principal: Principal, permission: Permission): readonly Scope[] {
  const scopes = principal.grants.filter((grant) => held[grant.role].includes(permission)).map((grant) => grant.scope);
  const everywhere = scopes.find((scope) => Object.values(scope).every((value) => value === undefined));
  if (everywhere !== undefined) return [{}];
  return installationWide.has(permission) ? [] : scopes;
}

/** True when one of `scopes` covers `place`. */
export function may(scopes: readonly Scope[], place: Scope): boolean {
  return scopes.some((scope) => covers(scope, place));
}

/** The highest role a principal holds anywhere: for display only, nothing is decided by it. */
export function highestRole(principal: Principal): Role {
  return roles[Math.max(0, ...principal.grants.map((grant) => roles.indexOf(grant.role)))] ?? 'viewer';
}

/** The human being behind a request. */
export function personOf(principal: Principal): string {
  return principal.person ?? principal.name;
}
