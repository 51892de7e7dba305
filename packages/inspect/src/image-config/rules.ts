import type { DetectorRule } from '../detector.ts';

const dockerfile = 'https://docs.docker.com/reference/dockerfile/';
const cis = 'https://www.cisecurity.org/benchmark/docker';

/** What an image's configuration and file modes can have wrong. */
export const imageConfigRules = {
  'image-config-root-user': {
    severity: 'medium',
    title: { en: 'The container runs as root', 'zh-CN': '容器以 root 身份运行' },
    description: { en: 'A flaw in the application gives root inside the container, and with a kernel or mount mistake root on the node.', 'zh-CN': '应用一旦被利用，攻击者即获得容器内的 root；若内核或挂载存在缺陷，可进一步获得节点的 root。' },
    remedy: { en: 'End the Dockerfile with USER and a user id other than 0.', 'zh-CN': '在 Dockerfile 末尾用 USER 指定非 0 的用户 ID。' },
    references: [`${dockerfile}#user`, cis],
  },
  'image-config-no-user': {
    severity: 'medium',
    title: { en: 'No user is set, so the container runs as root', 'zh-CN': '未设置用户，容器将以 root 身份运行' },
    description: { en: 'Without USER the first process is root: a flaw in the application gives root inside the container.', 'zh-CN': '没有 USER 时首个进程即为 root：应用一旦被利用，攻击者即获得容器内的 root。' },
    remedy: { en: 'Create a user in the Dockerfile and end it with USER.', 'zh-CN': '在 Dockerfile 中创建用户，并在末尾用 USER 指定。' },
    references: [`${dockerfile}#user`, cis],
  },
  'image-config-setuid': {
    severity: 'low',
    title: { en: 'A setuid or setgid program of the distribution', 'zh-CN': '发行版自带的 setuid/setgid 程序' },
    description: { en: 'It runs with its owner\'s rights whoever starts it; few containers need any.', 'zh-CN': '无论谁启动，它都以文件属主的权限运行；容器很少需要这类程序。' },
    remedy: { en: 'Take the bit away (chmod a-s) or run with no-new-privileges.', 'zh-CN': '去掉该权限位（chmod a-s），或以 no-new-privileges 运行。' },
    references: [cis],
  },
  'image-config-setuid-unusual': {
    severity: 'high',
    title: { en: 'A setuid or setgid program that no distribution ships so', 'zh-CN': '非发行版常见的 setuid/setgid 程序' },
    description: { en: 'Shells, interpreters and own programs with this bit hand their owner\'s rights to any user of the container; it is also how attackers keep a way back.', 'zh-CN': '带此权限位的 shell、解释器或自有程序会把属主权限交给容器内任何用户；这也是攻击者常用的后门手法。' },
    remedy: { en: 'Find out which instruction set it and remove the bit (chmod a-s).', 'zh-CN': '查明由哪条指令设置，并去掉该权限位（chmod a-s）。' },
    references: ['https://attack.mitre.org/techniques/T1548/001/', cis],
  },
  'image-config-world-writable': {
    severity: 'medium',
    title: { en: 'A system file that everyone may write', 'zh-CN': '任何人可写的系统文件' },
    description: { en: 'A program or setting below /bin, /etc, /lib, /opt, /sbin or /usr that any user may change lets a weak process take over a strong one.', 'zh-CN': '/bin、/etc、/lib、/opt、/sbin 或 /usr 下任何用户都能修改的程序或配置，会让低权限进程接管高权限进程。' },
    remedy: { en: 'chmod o-w it in the layer that adds it.', 'zh-CN': '在添加该文件的层中执行 chmod o-w。' },
    references: [cis],
  },
  'image-config-add-remote': {
    severity: 'medium',
    title: { en: 'ADD fetched a file from the network', 'zh-CN': 'ADD 从网络获取了文件' },
    description: { en: 'What was fetched is not pinned: the same Dockerfile can give another image tomorrow, or an attacker\'s.', 'zh-CN': '获取的内容未被固定：同一 Dockerfile 明天可能构建出不同的、甚至被篡改的镜像。' },
    remedy: { en: 'Use ADD --checksum, or download and check the hash in one RUN.', 'zh-CN': '使用 ADD --checksum，或在同一 RUN 中下载并校验哈希。' },
    references: [`${dockerfile}#add`],
  },
  'image-config-pipe-to-shell': {
    severity: 'medium',
    title: { en: 'A download was piped into a shell', 'zh-CN': '下载内容被直接送入 shell 执行' },
    description: { en: 'What ran during the build is whatever the server answered; nothing checked it.', 'zh-CN': '构建期间执行的是服务器返回的任意内容，没有任何校验。' },
    remedy: { en: 'Download, check a pinned hash or signature, then run.', 'zh-CN': '先下载，校验固定的哈希或签名，再执行。' },
    references: ['https://attack.mitre.org/techniques/T1195/'],
  },
  'image-config-no-healthcheck': {
    severity: 'low',
    title: { en: 'No HEALTHCHECK', 'zh-CN': '没有 HEALTHCHECK' },
    description: { en: 'A plain Docker host cannot tell a hanging container from a working one. Kubernetes uses its own probes.', 'zh-CN': '单机 Docker 无法区分挂起与正常的容器；Kubernetes 使用自己的探针。' },
    remedy: { en: 'Add HEALTHCHECK, or probes in the workload.', 'zh-CN': '添加 HEALTHCHECK，或在工作负载中配置探针。' },
    references: [`${dockerfile}#healthcheck`, cis],
  },
  'image-config-latest-base': {
    severity: 'low',
    title: { en: 'The base image is named by a moving tag', 'zh-CN': '基础镜像使用浮动标签' },
    description: { en: 'With :latest, or without tag and digest, a rebuild takes another base without anyone deciding it.', 'zh-CN': '使用 :latest 或既无标签也无摘要时，重新构建会在无人决定的情况下换用另一基础镜像。' },
    remedy: { en: 'Name the base by version and digest.', 'zh-CN': '用版本和摘要指定基础镜像。' },
    references: [`${dockerfile}#from`],
  },
  'image-config-sensitive-port': {
    severity: 'medium',
    title: { en: 'A port for administration or without encryption is exposed', 'zh-CN': '暴露了管理端口或明文协议端口' },
    description: { en: 'Such a port gives a shell, the engine or data to whoever reaches it.', 'zh-CN': '能访问该端口的人可获得 shell、容器引擎或数据。' },
    remedy: { en: 'Remove EXPOSE and the service; use exec of the engine for administration.', 'zh-CN': '移除 EXPOSE 及相应服务；管理操作使用引擎的 exec。' },
    references: [cis],
  },
  'image-config-secret-name': {
    severity: 'high',
    title: { en: 'A variable that is named like a secret has a value', 'zh-CN': '名称像密钥的变量带有值' },
    description: { en: 'ENV and ARG stay readable in the image\'s configuration and history for everyone who can pull it.', 'zh-CN': 'ENV 和 ARG 会留在镜像配置与历史中，任何能拉取镜像的人都可读取。' },
    remedy: { en: 'Take it out, revoke it, and give it at run time or as a build secret (RUN --mount=type=secret).', 'zh-CN': '移除并吊销，在运行时提供，或作为构建密钥（RUN --mount=type=secret）。' },
    references: ['https://docs.docker.com/build/building/secrets/'],
  },
} as const satisfies Record<string, DetectorRule>;
