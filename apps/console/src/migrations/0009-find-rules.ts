/**
 * Lists of rules and of one rule's places over a million findings: the words searched are kept ready in lower case, the
 * rows of all clusters lie in the order they are read, and one rule's findings in the order they are paged.
 */
export const text = `
alter table rule_summaries add column words text not null default '';
create index rule_summaries_all on rule_summaries (score desc, kind, rule) where cluster = '';
create index findings_rule_score on findings (rule text_pattern_ops, kind, score desc, image_key, id);
drop index findings_rule;
`;
