import type { Named } from '@palisade/waf/engine/transaction';

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request', 403: 'Forbidden', 405: 'Method Not Allowed', 406: 'Not Acceptable', 408: 'Request Timeout', 413: 'Content Too Large', 415: 'Unsupported Media Type', 429: 'Too Many Requests',
  431: 'Request Header Fields Too Large', 500: 'Internal Server Error', 501: 'Not Implemented', 502: 'Bad Gateway', 503: 'Service Unavailable', 504: 'Gateway Timeout', 505: 'HTTP Version Not Supported',
};

const texts = {
  blocked: { en: ['Request blocked', 'This request looks like an attack and was stopped. If that is wrong, give this reference to the operator:'], zh: ['请求已被拦截', '该请求疑似攻击，已被阻止。如属误拦，请向管理员提供以下编号：'] },
  refused: { en: ['Request refused', 'This request cannot be served. Reference:'], zh: ['请求被拒绝', '无法处理该请求。编号：'] },
  away: { en: ['No answer from the application', 'The application behind this address does not answer. Reference:'], zh: ['应用没有响应', '该地址后面的应用没有响应。编号：'] },
} as const;

/** A whole answer of our own: JSON for programs, else a page in the reader's language; it names only the reference. */
export function ownAnswer(kind: keyof typeof texts, status: number, id: string, headers: readonly Named[], keepAlive: boolean, extra = ''): string {
  const header = (name: string): string => headers.find((entry) => entry.name.toLowerCase() === name)?.value ?? '';
  const accept = header('accept');
  const json = /\bjson\b/.test(accept) || (!/\bhtml\b/.test(accept) && /\bjson\b/.test(header('content-type')));
  const zh = /^\s*zh\b/i.test(header('accept-language'));
  const [title, sentence] = texts[kind][zh ? 'zh' : 'en'];
  const reason = reasons[status] ?? 'Blocked';
  const body = json
    ? JSON.stringify({ error: kind, status, reference: id, message: `${sentence} ${id}` })
    : `<!doctype html><html lang="${zh ? 'zh-CN' : 'en'}"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:15vh auto;padding:0 1rem}code{font-size:1.1em}</style><h1>${title}</h1><p>${sentence}</p><p><code>${id}</code></p></html>`;
  const bytes = Buffer.byteLength(body);
  return `HTTP/1.1 ${status} ${reason}\r\nContent-Type: ${json ? 'application/json' : 'text/html'}; charset=utf-8\r\nContent-Length: ${bytes}\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n${extra}Connection: ${keepAlive ? 'keep-alive' : 'close'}\r\n\r\n${body}`;
}
