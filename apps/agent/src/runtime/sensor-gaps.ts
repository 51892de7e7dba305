import type { Gap } from '@palisade/model/gap';
import type { Text } from '@palisade/model/text';

/** A gap that happens again and again (lost records) has ended when it was not seen for so long. */
const quietMs = 60_000;
/** Ended gaps are told along for so long; the console keeps them afterwards. */
const keptMs = 3_600_000;
const most = 500;

const remedies: Readonly<Record<string, Text>> = {
  'sensor-loss-ring': { en: 'Give the agent more CPU, or disable rules that need very frequent events.', 'zh-CN': '为节点代理分配更多 CPU，或停用需要高频事件的规则。' },
  'sensor-loss-skipped': { en: 'Nothing to do: the kernel skips nested hooks; the count says how often.', 'zh-CN': '无需处理：内核会跳过嵌套的挂钩，计数即为次数。' },
  'sensor-call-missing': { en: 'Use a kernel that has this tracepoint, or disable the rules that need it.', 'zh-CN': '使用带有该跟踪点的内核，或停用依赖它的规则。' },
  'sensor-program-refused': { en: 'Use a kernel of 5.8 or newer with BTF, and give the agent CAP_BPF, CAP_PERFMON and CAP_SYS_PTRACE.', 'zh-CN': '使用 5.8 及以上且带 BTF 的内核，并为节点代理授予 CAP_BPF、CAP_PERFMON 和 CAP_SYS_PTRACE。' },
  'sensor-down': { en: 'The sensor was started again by itself. If it dies repeatedly, see the agent\'s log.', 'zh-CN': '传感器已自动重启。如反复退出，请查看节点代理日志。' },
  'sensor-not-root': { en: 'Run the agent as root, or as a container with the capabilities listed in the documentation.', 'zh-CN': '以 root 身份运行节点代理，或以文档所列权能的容器方式运行。' },
  'sensor-absent': { en: 'Build the sensor with “sh scripts/build-sensor.sh” or give its place with --sensor PATH; it is waited for.', 'zh-CN': '使用 “sh scripts/build-sensor.sh” 编译传感器，或用 --sensor PATH 指定其路径；节点代理会持续等待。' },
  'sensor-refused': { en: 'See the reason and the agent\'s log; it is tried again every 30 s.', 'zh-CN': '请查看原因和节点代理日志；每 30 秒重试一次。' },
  'rules-absent': { en: 'Install the rule pack (content/runtime); it is waited for.', 'zh-CN': '请安装规则包（content/runtime）；节点代理会持续等待。' },
  'rule-silent': { en: 'Disable the rule, or accept that it can\'t see this event.', 'zh-CN': '停用该规则，或接受它无法看到此事件。' },
  'rule-broken': { en: 'Correct the rule file: palisade rules check FILE.', 'zh-CN': '请修正规则文件：palisade rules check FILE。' },
  'container-unknown': { en: 'Let the agent read the socket of the engine that runs them.', 'zh-CN': '允许节点代理访问运行这些容器的引擎的套接字。' },
};

/** Gaps that come and go by themselves; the others stay until they are taken away. */
const passing = new Set(['sensor-loss-ring', 'sensor-loss-skipped', 'container-unknown', 'engine-absent']);

/** All gaps of the sensor, present and lately ended, joined by kind and subject; `due` says whether the console must hear. */
export function createSensorGaps(now: () => number): { add(gap: Gap): void; drop(kind: string): void; take(): readonly Gap[] | undefined } {
  const held = new Map<string, { gap: Gap; seen: number; ended?: number }>();
  let changed = true;
  return {
    add(gap) {
      const key = JSON.stringify([gap.kind, gap.kind === 'container-unknown' ? '' : gap.subject, gap.kind === 'sensor-down' ? gap.since : '']);
      const known = held.get(key);
      const remedy = remedies[gap.kind];
      const seen = now();
      changed = true;
      if (known === undefined || known.ended !== undefined) {
        if (held.size >= most) {
          const oldest = held.keys().next().value;
          if (oldest !== undefined) held.delete(oldest);
        }
        held.set(key, { gap: { ...gap, since: gap.since ?? new Date(seen).toISOString(), ...(remedy === undefined ? {} : { remedy }) }, seen, ...(gap.until === undefined ? {} : { ended: seen }) });
        return;
      }
      const adds = gap.kind.startsWith('sensor-loss');
      known.gap = { ...known.gap, reason: gap.reason, count: adds ? known.gap.count + gap.count : Math.max(known.gap.count, gap.count) };
      known.seen = seen;
    },
    drop(kind) {
      for (const [key, { gap, ended }] of held) {
        if (gap.kind !== kind || ended !== undefined) continue;
        held.delete(key);
        changed = true;
      }
    },
    take() {
      const time = now();
      for (const [key, one] of held) {
        if (one.ended === undefined && passing.has(one.gap.kind) && time - one.seen > quietMs) {
          one.ended = time;
          one.gap = { ...one.gap, until: new Date(one.seen).toISOString() };
          changed = true;
        } else if (one.ended !== undefined && time - one.ended > keptMs) {
          held.delete(key);
          changed = true;
        }
      }
      if (!changed) return undefined;
      changed = false;
      return [...held.values()].map(({ gap }) => gap);
    },
  };
}
