import type { Finding } from '@palisade/model/finding';
import type { ScanResult } from '@palisade/model/scan-result';
import { severities } from '@palisade/model/severity';
import type { Locale } from '@palisade/model/text';
import { productVersion } from '../product-version.ts';
import { style } from './html-style.ts';
import { htmlWords as words, severityWord } from './html-words.ts';
import { escaped } from './markup.ts';
import { isUnanswered, unansweredOf } from '@palisade/report/unanswered';

const locales = ['en', 'zh-CN'] as const;
type Html = string;

/**
 * One file to read in a browser, in both languages: no script, no resource from elsewhere (its own policy forbids
 * both), everything from the scan escaped. A radio button switches the language.
 */
export function formatHtml(result: ScanResult, locale: Locale, now: Date): string {
  const title = escaped(`Palisade ${result.target.kind}:${result.target.ref}`);
  const switches = locales.map((one) => `<input type="radio" name="lang" id="l-${one}"${one === locale ? ' checked' : ''}>`).join('');
  const labels = locales.map((one) => `<label for="l-${one}">${one === 'en' ? 'English' : '中文'}</label>`).join(' ');
  return `<!doctype html>
<html lang="${locale}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
${switches}
<nav>${labels}</nav>
${locales.map((one) => `<main lang="${one}" class="m-${one}">\n${page(result, one, now)}\n</main>`).join('\n')}
</body>
</html>
`;
}

function page(result: ScanResult, locale: Locale, now: Date): Html {
  const word = words[locale];
  const affected = result.findings.filter((finding) => !isUnanswered(finding));
  const unanswered = unansweredOf(result);
  return [
    `<h1>${escaped(`${result.target.kind}:${result.target.ref}`)}</h1>`,
    `<p class="verdict v-${result.verdict.result}"><strong>${word.verdicts[result.verdict.result]}</strong> · ${word.status}: ${word.statuses[result.status]} · ${word.content}: ${escaped(result.content)}</p>`,
    reasons(result, locale),
    facts(result, locale, now),
    affected.length === 0 ? `<p>${word.noFindings}</p>` : `<p class="counts">${severities.map((severity) => ({ severity, count: affected.filter((one) => one.severity === severity).length })).filter((one) => one.count > 0).map((one) => `<span class="s-${one.severity}">${one.count} ${severityWord(one.severity, locale)}</span>`).join(' ')}</p>`,
    ...(unanswered.length === 0 ? [] : [`<h2>${word.unknown}</h2>`, `<ul>${unanswered.map((group) => `<li>${escaped(group.text)}: ${group.findings.length} ${word.packages}<details><summary>${word.show}</summary><p class="mono">${group.findings.map((finding) => escaped(finding.package ?? '')).join('<br>')}</p></details></li>`).join('')}</ul>`]),
    ...(result.gaps.length === 0 ? [] : [`<h2>${word.gaps}</h2>`, table([word.kind, word.subject, word.reason, word.count], result.gaps.map((gap) => [escaped(gap.kind), escaped(gap.subject), `${escaped(gap.reason)}${gap.remedy === undefined ? '' : `<br>${escaped(gap.remedy[locale])}`}`, String(gap.count)]))]),
    ...(affected.length === 0 ? [] : [`<h2>${word.findings}</h2>`, findingsTable(affected, result, locale)]),
    waivers(result, locale),
    layersTable(result, locale),
    `<h2>${word.packageList} (${result.packages.length})</h2>`,
    `<details><summary>${word.show}</summary>${table([word.package, word.version, word.ecosystem, word.place], result.packages.map((one) => [escaped(one.name), escaped(one.version), escaped(one.ecosystem), one.paths.map(escaped).join('<br>')]))}</details>`,
    `<footer>Palisade ${escaped(productVersion)} · ${escaped(now.toISOString())}</footer>`,
  ].join('\n');
}

function reasons({ verdict }: ScanResult, locale: Locale): Html {
  if (verdict.reasons.length === 0) return '';
  return `<ul>${verdict.reasons.map((reason) => `<li>${escaped(`${reason.result ?? ''} ${reason.policy}/${reason.rule}`)}: ${escaped(reason.because?.[locale] ?? '')} (${reason.findings.length})</li>`).join('')}</ul>`;
}

function facts(result: ScanResult, locale: Locale, now: Date): Html {
  const word = words[locale];
  const looked = result.lookedAt;
  const number = new Intl.NumberFormat(locale);
  const rows: [string, string][] = [
    [word.lookedAt, `${number.format(result.packages.length)} ${word.packages}${looked === undefined ? '' : `, ${number.format(looked.files)} ${word.files}, ${number.format(looked.layers)} ${word.layers}`}`],
    [word.feed, result.feed === null ? word.noFeed : `${result.feed.id} (${new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(now.getTime() - result.feed.age * 1000))})`],
    ...(result.image === null ? [] : [[word.image, `${result.image.id} ${result.image.platform}`] as [string, string]]),
  ];
  return `<dl>${rows.map(([name, value]) => `<dt>${name}</dt><dd>${escaped(value)}</dd>`).join('')}</dl>`;
}

function findingsTable(findings: readonly Finding[], result: ScanResult, locale: Locale): Html {
  const word = words[locale];
  const order = new Map(result.image?.layers.map((layer, index) => [layer.diffId, index + 1]));
  return table(
    [word.priority, word.severity, word.rule, word.what, word.fix, word.layer],
    findings.map((finding) => {
      const links = finding.references.filter((one) => /^https?:\/\//.test(one)).slice(0, 5).map((one) => `<a rel="noreferrer noopener" href="${escaped(one)}">${escaped(one)}</a>`);
      const parts = finding.priority.parts.map((part) => escaped(`${part.value >= 0 ? '+' : ''}${part.value} ${part.why[locale]}`));
      const detail = [finding.description?.[locale], finding.remedy?.[locale]].filter((text) => text !== undefined).map(escaped);
      return [
        String(Math.round(finding.priority.score)),
        `<span class="s-${finding.severity}">${severityWord(finding.severity, locale)}</span>`,
        escaped(finding.rule),
        `${finding.answer === 'unknown' ? `<em>${escaped(`unknown: ${finding.reason ?? ''}`)}</em> ` : ''}${escaped(finding.title[locale])}${finding.evidence === undefined && finding.path === undefined ? '' : `<br><code>${escaped(finding.evidence ?? finding.path ?? '')}</code>`}<details><summary>${word.why}</summary><p>${[...detail, ...parts, ...links].join('<br>')}</p></details>`,
        escaped(finding.kind === 'vulnerability' ? (finding.fixed ?? word.fixStates[finding.fixState ?? 'unknown']) : ''),
        finding.layer === undefined ? '' : `${order.get(finding.layer) ?? '?'} <code>${escaped(finding.instruction ?? '')}</code>${finding.removed === undefined ? '' : `<br>${word.removed}`}`,
      ];
    }),
  );
}

function waivers({ verdict }: ScanResult, locale: Locale): Html {
  const word = words[locale];
  const unused = verdict.unusedWaivers ?? [];
  if (verdict.waived.length === 0 && unused.length === 0) return '';
  const lines = [...verdict.waived.map((one) => `${word.waived}: ${one.finding}: ${one.waiver}: ${one.reason}`), ...unused.map((one) => `${word.unused}: ${one.waiver}: ${one.state}, ${one.detail}`)];
  return `<h2>${word.waivers}</h2><ul>${lines.map((line) => `<li>${escaped(line)}</li>`).join('')}</ul>`;
}

function layersTable({ image }: ScanResult, locale: Locale): Html {
  if (image === null || image.layers.length === 0) return '';
  const word = words[locale];
  const number = new Intl.NumberFormat(locale);
  return `<h2>${word.layers}</h2>${table(['#', word.instruction, word.size, ''], image.layers.map((layer, index) => [String(index + 1), `<code>${escaped(layer.instruction)}</code>`, number.format(layer.size), layer.base ? word.base : '']))}`;
}

/** Cells are markup already. */
function table(head: readonly string[], rows: readonly (readonly Html[])[]): Html {
  return `<table><thead><tr>${head.map((cell) => `<th scope="col">${cell}</th>`).join('')}</tr></thead><tbody>\n${rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('\n')}\n</tbody></table>`;
}
