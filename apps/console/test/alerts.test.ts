import { readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { alertOf } from '../src/alerts/alert.ts';
import type { Message } from '../src/alerts/channel.ts';
import { channelKinds } from '../src/alerts/channels/registry.ts';
import { syslogLine } from '../src/alerts/channels/syslog.ts';
import { ReceiverUrl, isMetadataAddress, oneLine } from '../src/alerts/post.ts';
import { robotAnswer } from '../src/alerts/robot.ts';
import { facts, headline, plainLines } from '../src/alerts/words.ts';

const hostile = 'evil"] \r\nSubject: x\u2028@all <!channel> [a](b) \\';
const message = (language: Message['language'] = 'en'): Message => ({
  id: 'alr_1', url: 'https://console.example/incidents/inc_1', language,
  alert: alertOf({ id: 'a', at: '2026-11-24T00:00:00.000Z', source: 'incident', subject: 'inc_1', priority: 'Critical', title: { en: `shell in ${hostile}`, 'zh-CN': `${hostile} 中的命令行` }, summary: hostile, container: hostile, tactics: ['execution'], rules: ['R1', 'R2'], count: 3, path: '/incidents/inc_1' }),
});

it('has every kind of channel in its registry, under its own name', () => {
  const files = readdirSync(path.resolve(import.meta.dirname, '../src/alerts/channels')).filter((file) => file !== 'registry.ts').map((file) => file.replace('.ts', ''));
  expect([...channelKinds.keys()].sort()).toEqual(files.sort());
  for (const [name, member] of channelKinds) expect(member.kind).toBe(name);
});

it('says what happened on single lines, in the channel\'s language, whatever an attacker called things', () => {
  expect(headline(message())).toMatch(/^\[Critical\] Incident: shell in evil/);
  expect(headline(message('zh-CN'))).toMatch(/^\[严重\] 安全事件：evil/);
  expect(facts(message('zh-CN')).map((fact) => fact.label)).toEqual(['内容', '位置', '规则', '战术', '次数', '时间']);
  for (const line of plainLines(message())) expect(line).not.toMatch(/[\u0000-\u001f\u2028]/);
  expect(oneLine('x'.repeat(20), 10)).toBe(`${'x'.repeat(9)}…`);
});

it('writes RFC 5424 that no name can break out of', () => {
  const line = syslogLine(message(), 10, 'my host\n');
  expect(line).toMatch(/^<82>1 2026-11-24T00:00:00\.000Z my_host_ palisade \d+ incident \[palisade@32473 /);
  expect(line).toContain('container="evil\\"\\] Subject: x @all <!channel> [a\\](b) \\\\"');
  // After the structured data, its end found as a reader would: the first unescaped bracket outside of a value.
  const data = /\[palisade@32473(?: [a-z]+="(?:[^"\\\]]|\\["\\\]])*")+\]/.exec(line)?.[0] ?? '';
  expect(line.slice(line.indexOf(data) + data.length)).toMatch(/^ \uFEFF\[Critical\] /);
  expect(line).not.toContain('\n');
});

it('believes a robot only when it says that it took the message', () => {
  expect(robotAnswer('{"code":0,"msg":"success"}')).toContain('success');
  expect(robotAnswer('{"StatusCode":0}')).toBe('{"StatusCode":0}');
  expect(robotAnswer('{"errcode":0,"errmsg":"ok"}')).toContain('ok');
  expect(() => robotAnswer('{"code":19021,"msg":"sign match fail"}')).toThrow('code 19021: sign match fail');
  expect(() => robotAnswer('{"errcode":310000,"errmsg":"keywords not in content"}')).toThrow('keywords not in content');
  expect(() => robotAnswer('<html>')).toThrow('not a robot');
});

it('takes no address of a cloud\'s metadata, however written, and no user name in an address', () => {
  for (const address of ['169.254.169.254', '::ffff:169.254.169.254', 'fe80::1', 'fd00:ec2::254', '100.100.100.200']) expect([address, isMetadataAddress(address)]).toEqual([address, true]);
  for (const address of ['127.0.0.1', '10.0.0.8', '::1', '2001:db8::1']) expect([address, isMetadataAddress(address)]).toEqual([address, false]);
  for (const url of ['ftp://x/', 'file:///etc/passwd', 'http://a:b@x/', 'x', 'http://x/#y']) expect([url, ReceiverUrl.safeParse(url).success]).toEqual([url, false]);
  expect(ReceiverUrl.safeParse('https://hooks.example/a?b=c').success).toBe(true);
});
