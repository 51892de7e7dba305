export const coverage = {
  'gap.kind': 'Kind',
  'gap.subject': 'Subject',
  'gap.reason': 'Reason',
  'gap.count': 'Count',
} as const;
