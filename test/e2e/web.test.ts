import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildBundle } from '@palisade/advisory/bundle/build';
import { pages } from '@palisade/app-web/pages';
import { httpReceiver } from './alert-receivers.ts';
import { consoleHere, consoleHome, enrolAgent, person } from './console-client.ts';
import type { Person } from './console-client.ts';
import { axeViolations, builtPages, overflow, picture, settled, startBrowser, wordProblems } from './web-browser.ts';
import type { Browser, Looks, Tab } from './web-browser.ts';
import { examples } from './web-examples.ts';
import { bareNode, dockerNode } from './web-world.ts';

const looks: readonly Looks[] = [{ locale: 'en' }, { locale: 'zh-CN' }, { locale: 'zh-CN', dark: true }];
const name = ({ locale, dark = false }: Looks): string => `${locale}${dark ? '-dark' : ''}`;

describe('the pages in a real browser', () => {
  const place = consoleHome();
  let running: Awaited<ReturnType<typeof consoleHere>>;
  let built: Awaited<ReturnType<typeof builtPages>>;
  let browser: Browser;
  let ada: Person;

  beforeAll(async () => {
    built = await builtPages();
    [running, browser] = await Promise.all([consoleHere({ PALISADE_HOME: place.home }, built.folder), startBrowser()]);
    const setUp = await browser.tab(running.url, undefined, { locale: 'en' });
    await setUp.page.goto(running.firstRun ?? '');
    await settled(setUp.page);
    await picture(setUp.page, 'setup-en');
    await setUp.close();
    ada = await person(running.url, { setup: running.firstRun ?? '', name: 'ada', password: 'correct horse battery' });
  });
  afterAll(async () => {
    await browser?.close();
    await running?.stop();
    built?.remove();
    place.remove();
  });

  /** Opens one address in a tab; answers everything that is wrong with what it shows. Axe sees the same in both languages: it is asked in English light and in dark. */
  const judge = async ({ page, looks, problems }: Tab, address: string, as: string): Promise<string[]> => {
    problems.length = 0;
    await page.goto(`${running.url}${address}`);
    await settled(page);
    await picture(page, `${as}-${name(looks)}`);
    return [...problems, ...(await wordProblems(page, looks.locale)), ...(await overflow(page)), ...(looks.locale === 'zh-CN' && looks.dark !== true ? [] : await axeViolations(page))].map((problem) => `${address} (${name(looks)}): ${problem}`);
  };

  /** Walks the addresses once in each look, a tab a look, side by side. */
  const walk = async (addresses: ReadonlyMap<string, string>, as: string, inLooks: readonly Looks[], cookie: string | undefined = ada.cookie): Promise<string[]> => {
    const found = await Promise.all(
      inLooks.map(async (look) => {
        const tab = await browser.tab(running.url, cookie, look);
        const problems: string[] = [];
        for (const [path, address] of addresses) problems.push(...(await judge(tab, address, `${as}${path}`)));
        await tab.close();
        return problems;
      }),
    );
    return found.flat();
  };

  /**
   * Walks the addresses once, a half in each of two tabs, and looks at each page in English with axe, then in Chinese,
   * then dark: switched as a person does it, not loaded again. Dark differs in colours only, so only they are asked for.
   */
  const walkOnce = async (addresses: ReadonlyMap<string, string>, as: string, dark: boolean): Promise<string[]> => {
    const all = [...addresses];
    const walked = await Promise.all(
      [0, 1].map(async (half) => {
        const tab = await browser.tab(running.url, ada.cookie, { locale: 'en' });
        const found: string[] = [];
        for (const [path, address] of all.filter((_, at) => at % 2 === half)) found.push(...(await judge(tab, address, `${as}${path}`)), ...(await otherLooks(tab, address, `${as}${path}`, dark)));
        await tab.close();
        return found;
      }),
    );
    return walked.flat();
  };

  const otherLooks = async ({ page, problems }: Tab, address: string, as: string, dark: boolean): Promise<string[]> => {
    const found: string[] = [];
    const switchTo = async (label: string, look: Looks): Promise<void> => {
      problems.length = 0;
      await page.locator('.frame-header').getByText(label, { exact: true }).click();
      await page.mouse.move(0, 0);
      await settled(page);
      await picture(page, `${as}-${name(look)}`);
      const wrong = [...problems, ...(await wordProblems(page, look.locale)), ...(await overflow(page)), ...(look.dark === true ? await axeViolations(page, ['color-contrast']) : [])];
      found.push(...wrong.map((problem) => `${address} (${name(look)}): ${problem}`));
    };
    await switchTo('中文', { locale: 'zh-CN' });
    if (dark) await switchTo('深色', { locale: 'zh-CN', dark: true });
    return found;
  };

  /** Lets the agents of the test's world report, once. */
  let reported: Promise<void> | undefined;
  const report = (): Promise<void> => (reported ??= sendWorld());
  const sendWorld = async (): Promise<void> => {
    // One channel that nobody answers (port 9 is closed here), one that needs no answer.
    for (const channel of [{ name: 'SIEM', kind: 'webhook', config: { url: 'http://127.0.0.1:9/palisade' }, secret: { key: 'a key nobody needs to know' }, sources: ['incident', 'waf'] }, { name: '日志中心', kind: 'syslog', config: { transport: 'udp', host: '127.0.0.1', port: 9 }, sources: ['incident', 'detection'], minPriority: 'Notice', language: 'zh-CN' }]) {
      expect((await ada.call('POST', '/alert-channels', channel)).status).toBe(200);
    }
    for (const [cluster, node, items] of [['shop', 'shop-01', dockerNode()], ['build', 'build-02', bareNode()]] as const) {
      const join = (await ada.call('POST', '/join-tokens', { cluster })).body['token'] as unknown as string;
      const answer = await (await enrolAgent(join, node)).post(running.agentUrl, items);
      expect(answer.body).toMatchObject({ stored: items.length, refused: [] });
    }
    running.context.jobs.summariesDue();
    await new Promise((resolve) => setTimeout(resolve, 1500));
  };

  const addresses = async (): Promise<Map<string, string>> => {
    const found = new Map<string, string>();
    for (const { path } of pages) {
      const example = examples[path];
      if (path.includes(':') && example === undefined) throw new Error(`page ${path} has no example address in web-examples.ts`);
      found.set(path, example === undefined ? path : await example(ada));
    }
    return found;
  };

  it('signs in, in both languages', async () => {
    // The browser itself notes the 401 that says "nobody is signed in".
    expect((await walk(new Map([['', '/']]), 'sign-in', looks, '')).filter((problem) => !problem.includes('401'))).toEqual([]);
  });

  it('shows every page without parameters before anything has reported', async () => {
    const plain = pages.filter(({ path }) => !path.includes(':')).map(({ path }) => [path, path] as const);
    expect(await walkOnce(new Map(plain), 'empty', false)).toEqual([]);
  });

  it('shows every page with real data, in both languages and dark', async () => {
    await report();
    expect(await walkOnce(await addresses(), 'page', true)).toEqual([]);
  });

  it('goes by keyboard, acts with a confirmation, and says when the console is away', async () => {
    await report();
    const { page, close } = await browser.tab(running.url, ada.cookie, { locale: 'en' });
    await page.goto(running.url);
    await settled(page);
    await page.keyboard.press('g');
    await page.keyboard.press('v');
    await page.waitForURL('**/vulnerabilities');
    await page.keyboard.press('?');
    await page.getByRole('dialog').getByText('go to Coverage').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.keyboard.press('/');
    await page.keyboard.type('log4j');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'CVE-2021-44228' }).click();
    await page.getByText('+  <version>2.17.1</version>').waitFor();

    await page.goto(`${running.url}${(await addresses()).get('/workloads/containers/:id') ?? ''}`);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Pause shop-api-1?', { exact: false }).waitFor();
    await page.locator('.ant-popconfirm').getByRole('button', { name: 'Pause' }).click();
    await page.getByText('waiting for the agent').waitFor();

    // Sorting and filters live in the URL, so that a reload shows the same.
    await page.goto(`${running.url}/vulnerabilities?kind=vulnerability`);
    await page.getByRole('button', { name: 'Rule' }).click();
    await page.waitForURL('**/vulnerabilities?kind=vulnerability&sort=rule');
    await page.reload();
    await page.locator('tbody tr.ant-table-row').first().getByText('CVE-2005-2541').waitFor();

    await page.context().setOffline(true);
    await page.getByText('The console does not answer', { exact: false }).waitFor({ timeout: 60_000 });
    await page.getByText('CVE-2005-2541').waitFor();
    await page.context().setOffline(false);
    await page.getByText('The console does not answer', { exact: false }).waitFor({ state: 'hidden', timeout: 60_000 });
    await close();
  });

  it('asks before it pulls, shows the bundle in use, and asks again before going back to a smaller one', async () => {
    const { page, problems, close } = await browser.tab(running.url, ada.cookie, { locale: 'en' });
    await page.goto(`${running.url}/feeds?pull=1`);
    const dialog = page.getByRole('dialog');
    await dialog.getByText('security-tracker.debian.org').waitFor();
    await dialog.getByRole('button', { name: 'Not now' }).click();
    await dialog.waitFor({ state: 'hidden' });
    expect(new URL(page.url()).search).toBe('');

    for (const records of [20, 60]) {
      const sent = await fetch(`${running.url}/api/v1/feeds`, { method: 'POST', body: Uint8Array.from(readFileSync(await bundle(records))), headers: { cookie: ada.cookie, 'x-csrf-token': ada.csrf, 'content-type': 'application/octet-stream' } });
      expect(sent.status).toBe(200);
    }
    expect(await walkOnce(new Map([['/with-bundle', '/feeds']]), 'feeds', true)).toEqual([]);
    await page.goto(`${running.url}/feeds`);
    await page.getByText('60 advisories', { exact: false }).waitFor();
    await page.getByRole('button', { name: 'Put in use' }).click();
    const question = page.locator('.ant-modal-confirm');
    await question.getByText('Debian:11: 60 records before, 20 now').waitFor();
    expect((await ada.call('GET', '/feeds')).body).toMatchObject({ items: expect.arrayContaining([expect.objectContaining({ active: true, counts: expect.objectContaining({ advisories: 60 }) })]) });
    // The browser itself notes the 422 that led to the question.
    problems.length = 0;
    await question.getByRole('button', { name: 'Put it in use anyway' }).click();
    await page.getByText('20 advisories', { exact: false }).waitFor();
    expect(problems).toEqual([]);
    await close();
  });

  it('adds a channel for alerts, sends a trial, and shows what became of it', async () => {
    const hook = await httpReceiver();
    const { page, close } = await browser.tab(running.url, ada.cookie, { locale: 'en' });
    await page.goto(`${running.url}/settings/alerts`);
    await settled(page);
    await page.getByRole('button', { name: 'Add a channel' }).click();
    const form = page.getByRole('dialog');
    await form.getByLabel('Name', { exact: true }).fill('Duty');
    await form.getByLabel('Address').fill(`${hook.url}/duty`);
    await form.getByLabel('Key').fill('a key of the receiver');
    await picture(page, 'alerts-form-en');
    expect(await axeViolations(page)).toEqual([]);
    await form.getByRole('button', { name: 'Save' }).click();
    await form.waitFor({ state: 'hidden' });
    const row = page.locator('tr', { hasText: 'Duty' });
    await row.getByRole('button', { name: 'Send a trial' }).click();
    await page.getByText('The trial was taken.', { exact: false }).waitFor();
    expect(hook.got.map(({ path: at }) => at)).toEqual(['/duty']);
    await row.getByRole('button', { name: 'History' }).click();
    await page.getByRole('dialog').getByText('A trial of “Duty”', { exact: false }).waitFor();
    await picture(page, 'alerts-history-en');
    expect(await axeViolations(page)).toEqual([]);
    await close();
    hook.close();
  });

  /** A small bundle for Debian 11. */
  const bundle = async (records: number): Promise<string> => {
    const folder = path.join(place.home, `osv-${records}`);
    mkdirSync(folder);
    for (let n = 0; n < records; n += 1) writeFileSync(path.join(folder, `${n}.json`), JSON.stringify({ id: `CVE-2025-${1000 + n}`, modified: '2026-11-01T00:00:00Z', affected: [{ package: { ecosystem: 'Debian:11', name: `lib${n}` }, ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: '2.0' }] }] }] }));
    const out = path.join(place.home, `bundle-${records}.db`);
    await buildBundle({ sources: [{ path: folder }], out });
    return out;
  };
});
