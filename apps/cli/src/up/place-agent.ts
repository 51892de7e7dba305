import { messageOf } from '@palisade/model/error';
import type { Io } from '../command.ts';
import { engineThere, prepareNodeContainer } from './node-container.ts';
import type { NodeContainer } from './node-container.ts';

/** What the agent will run as: the node container, or undefined for processes; says which, and why not the container. */
export async function placeAgent({ io, home, gateway, sensor }: { io: Io; home: string; gateway: string; sensor: Promise<{ tried: string } | { untried: string } | undefined> }): Promise<NodeContainer | undefined> {
  const zh = io.locale === 'zh-CN';
  try {
    engineThere(io);
    const missing = await sensor;
    if (missing !== undefined) throw new Error('tried' in missing ? missing.tried : missing.untried);
    const container = await prepareNodeContainer({ io, home, gateway, building: () => io.err(zh ? 'palisade：正在构建节点镜像（首次使用或源码有变）…\n' : 'palisade: building the node image (first use, or its sources changed)…\n') });
    io.out(zh ? `节点代理以非特权容器运行：${container.image}\n` : `the agent runs as an unprivileged container: ${container.image}\n`);
    return container;
  } catch (error) {
    if (!io.signal.aborted) io.out(zh ? `节点代理以进程方式运行，而非容器：${messageOf(error)}\n` : `the agent runs as processes, not as a container: ${messageOf(error)}\n`);
    return undefined;
  }
}
