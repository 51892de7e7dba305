import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pages } from '@palisade/app-web/pages';
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

  /** Lets the agents of the test's world report, once. */
  let reported: Promise<void> | undefined;
  const report = (): Promise<void> => (reported ??= sendWorld());
  const sendWorld = async (): Promise<void> => {
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
    expect(await walk(new Map(plain), 'empty', looks.slice(0, 2))).toEqual([]);
  });

  it('shows every page with real data, in both languages and dark', async () => {
    await report();
    expect(await walk(await addresses(), 'page', looks)).toEqual([]);
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
});
