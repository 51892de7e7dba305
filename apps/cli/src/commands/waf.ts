import { family } from '../command.ts';

const usage = `palisade waf serve --listen HOST:PORT --upstream URL --rules GLOB [--rules GLOB]... [--mode detect|block|off] [--paranoia 1..4]
      [--route 'MODE [METHOD,METHOD...] PATH']... [--site NAME] [--workers N] [--trust ADDRESS|CIDR]... [--no-forwarded] [--uninspected relay|refuse]
      [--record FILE [--record-limit MEGABYTES]] [--openapi FILE [--openapi-mode detect|block]]
  palisade waf serve --listen 0.0.0.0:8080 --upstream http://127.0.0.1:3000 --rules crs/crs-setup.conf --rules 'crs/rules/*.conf' --mode block
  palisade waf protect CONTAINER --port N [--port N]... --rules GLOB [--rules GLOB]... [--mode detect|block|off]
      [--paranoia 1..4] [--fail open|closed] [--workers N] [--uninspected relay|refuse] [--hide-client-address] [--worker-user UID]
  palisade waf protect shop --port 8080 --rules crs/crs-setup.conf --rules 'crs/rules/*.conf' --mode block
  palisade waf unprotect CONTAINER --port N [--port N]...
  palisade waf test --rules GLOB [--rules GLOB]... [--overrides FILE] [--min N] CASES...
  palisade waf test --rules crs/crs-setup.conf --rules 'crs/rules/*.conf' tests/regression
  palisade waf suggest --reason TEXT --owner NAME --until YYYY-MM-DD [--rule ID]... [EVENTS.ndjson]
  palisade waf explain --rules GLOB [--rules GLOB]... [--paranoia 1..4] [--client ADDRESS] [--format text|json] FILE | [-X METHOD] [-H 'NAME: VALUE']... [-d DATA] URL
  palisade waf replay --rules GLOB [--rules GLOB]... --with FILE [--with FILE]... [--paranoia 1..4] [--format text|json] RECORDED.ndjson...
  palisade waf learn [--at-least N] [--title TEXT] RECORDED.ndjson...
  palisade waf rules install PATH|deb
  palisade waf rules list
  palisade waf rules diff ID ID`;

export const command = family({ summary: { en: 'run the web application firewall; test and install its rules', 'zh-CN': '运行 Web 应用防火墙，测试和安装规则' }, usage, hangup: 'own' }, {
  serve: async () => ({ run: (await import('./waf/serve.ts')).serve }),
  protect: async () => ({ run: (await import('./waf/protect.ts')).protect }),
  unprotect: async () => ({ run: (await import('./waf/unprotect.ts')).unprotect }),
  test: async () => ({ run: (await import('./waf/test.ts')).test }),
  suggest: async () => ({ run: (await import('./waf/suggest.ts')).suggest }),
  explain: async () => ({ run: (await import('./waf/explain.ts')).explain }),
  replay: async () => ({ run: (await import('./waf/replay.ts')).replay }),
  learn: async () => ({ run: (await import('./waf/learn.ts')).learn }),
  rules: async () => ({ run: (await import('./waf/rules/command.ts')).rules }),
});
