import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';
import type { BrowserContext, Page } from 'playwright-core';
import { build } from 'vite';
import { en } from '@palisade/app-web/i18n/en';
import { zhCN } from '@palisade/app-web/i18n/zh-CN';

const root = path.resolve(import.meta.dirname, '../..');

/** Builds the pages from source into a folder of their own (1 to 2 s). */
export async function builtPages(): Promise<{ folder: string; remove(): void }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'palisade-web-'));
  // Vitest's NODE_ENV would bring React's development build: not what is shipped, and slow.
  const before = process.env['NODE_ENV'];
  process.env['NODE_ENV'] = 'production';
  await build({ root: path.join(root, 'apps/web'), configFile: path.join(root, 'apps/web/vite.config.ts'), logLevel: 'error', build: { outDir: folder, emptyOutDir: true } });
  process.env['NODE_ENV'] = before;
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export type Looks = { readonly locale: 'en' | 'zh-CN'; readonly dark?: boolean };

/** `problems` grows with console errors and failed scripts. */
export type Tab = { readonly page: Page; readonly looks: Looks; readonly problems: string[]; close(): Promise<void> };

export type Browser = {
  /** Opens a tab signed in by `cookie`, in that language and appearance. */
  tab(url: string, cookie: string | undefined, looks: Looks): Promise<Tab>;
  close(): Promise<void>;
};

/** Debian's chromium with an empty profile; nothing of it calls home. */
export async function startBrowser(): Promise<Browser> {
  const profile = mkdtempSync(path.join(tmpdir(), 'palisade-browser-'));
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-default-apps', '--disable-dev-shm-usage', '--force-color-profile=srgb'];
  const browser = await chromium.launch({ executablePath: process.env['PALISADE_CHROMIUM'] ?? '/usr/bin/chromium', headless: true, args: [...args, `--crash-dumps-dir=${profile}`], env: { ...definedEnv(), HOME: profile } });
  return {
    async tab(url, cookie, looks) {
      const { locale, dark = false } = looks;
      const context: BrowserContext = await browser.newContext({ viewport: { width: 1366, height: 900 }, locale, colorScheme: dark ? 'dark' : 'light', reducedMotion: 'reduce' });
      if (cookie !== undefined && cookie !== '') {
        const [name = '', value = ''] = cookie.split('=');
        await context.addCookies([{ name, value, url }]);
      }
      await context.addInitScript(([language, appearance]) => {
        localStorage.setItem('palisade.locale', language ?? 'en');
        localStorage.setItem('palisade.dark', appearance ?? 'no');
      }, [locale, dark ? 'yes' : 'no']);
      const page = await context.newPage();
      const problems: string[] = [];
      page.on('console', (message) => {
        if (message.type() === 'error') problems.push(`console: ${message.text()} (${message.location().url})`);
      });
      page.on('pageerror', (error) => problems.push(`script: ${error.message}`));
      return { page, looks, problems, close: () => context.close() };
    },
    async close() {
      await browser.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

function definedEnv(): Record<string, string> {
  return Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** Waits until the page has its title and nothing on it is loading. */
export async function settled(page: Page): Promise<void> {
  await page.locator('h1').first().waitFor({ timeout: 180_000 });
  await page.waitForFunction(() => document.querySelector('.ant-spin-spinning, .ant-skeleton-active, [aria-busy="true"]') === null, undefined, { timeout: 60_000 });
  await page.evaluate(() => document.fonts.ready.then(() => undefined));
}

/** Puts a picture of the whole page under artifacts/screenshots, to be looked at by a person. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = path.join(root, 'artifacts/screenshots');
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: path.join(folder, `${name.replaceAll(/[^A-Za-z0-9._-]+/g, '-')}.png`), fullPage: true });
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
type AxeRun = { violations: { id: string; impact: string | null; help: string; nodes: { target: string[]; failureSummary?: string }[] }[] };

/** Serious and critical accessibility violations of the page as it stands, one line each; `only`: of these rules. */
export async function axeViolations(page: Page, only: readonly string[] = []): Promise<string[]> {
  await page.evaluate(axeSource);
  const run = await page.evaluate<AxeRun>(`axe.run(document, { resultTypes: ["violations"]${only.length === 0 ? '' : `, runOnly: ${JSON.stringify(only)}`} })`);
  return run.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, help, nodes }) => nodes.map((node) => `${id}: ${help}: ${node.target.join(' ')}: ${(node.failureSummary ?? '').replaceAll('\n', ' ').slice(0, 220)}`));
}

const keyPrefixes = [...new Set(Object.keys(en).map((key) => key.split('.')[0] ?? ''))];

/** What is wrong with the words of the page: keys shown instead of texts, holes not filled, English left in the Chinese page. */
export async function wordProblems(page: Page, locale: Looks['locale']): Promise<string[]> {
  const words = await page.evaluate(() => {
    const found: string[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const element = node instanceof Element ? node : undefined;
      // Identifiers stay as they are in every language.
      if (node.parentElement?.closest('.mono') != null) continue;
      if (element !== undefined) found.push(...['title', 'aria-label', 'placeholder', 'alt'].map((name) => element.getAttribute(name) ?? ''));
      else if (!['SCRIPT', 'STYLE'].includes(node.parentElement?.tagName ?? '')) found.push(node.textContent ?? '');
    }
    return [...new Set(found.map((text) => text.trim()).filter((text) => text !== ''))];
  });
  const key = new RegExp(`^(?:${keyPrefixes.join('|')})\\.[A-Za-z][\\w.-]*$`);
  const untranslated = new Set(Object.entries(en).filter(([name, text]) => zhCN[name as keyof typeof en] !== text && /[a-z]{3}/.test(text)).map(([, text]) => text as string));
  return words.flatMap((word) => {
    if (key.test(word)) return [`text key shown: ${word}`];
    if (/\{\{|\bundefined\b|\bNaN\b|\[object |Invalid Date/.test(word)) return [`hole in a text: ${word}`];
    if (locale === 'zh-CN' && untranslated.has(word)) return [`English on the Chinese page: ${word}`];
    return [];
  });
}

/** Parts of the page that stick out to the right, or text cut off without a way to read it. */
export async function overflow(page: Page): Promise<string[]> {
  return page.evaluate(() => (document.documentElement.scrollWidth > innerWidth + 1 ? [`the page is ${document.documentElement.scrollWidth} px wide in a window of ${innerWidth}`] : []));
}
