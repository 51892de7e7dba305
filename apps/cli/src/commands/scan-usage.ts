import type { Text } from '@palisade/model/text';

/** What `palisade scan --help` prints. */
export const scanUsage: Text = {
  en: `usage: palisade scan TARGET [OPTIONS]

TARGET  docker:NAME     an image of the local engine
        archive:FILE    docker save or OCI archive, gzip or zstd too; FILE#TAG chooses one of several images
        oci:PATH        an OCI layout: a directory or an archive
        registry:REF    pulled from a registry (uses the login of "docker login")
        dir:PATH        a root directory; dir:/ is this host
        sbom:FILE       CycloneDX 1.2 to 1.7 (JSON, XML), SPDX 2 (JSON, tag-value) or Syft JSON
        bare            a file or directory if there is one, else an image of the local engine; never a registry

  --feed F              the vulnerability feed (default: the imported one)
  --policy F            a gate policy; may be given more than once
  --waivers F           waivers; may be given more than once
  --fail-on SEVERITY    deny findings of this severity or worse: critical, high, medium or low
  --strict              exit 3 when something could not be looked at
  --format FORMAT       table (default), json, sarif, cyclonedx, spdx, junit or html
  --output F            write there instead of to standard output, all at once
  --lang LANG           en or zh-CN (default: as LANG says)
  --platform P          of images for several platforms, such as linux/arm64 (default: this machine's)
  --insecure-registry H this registry may be spoken to without TLS; may be given more than once
  --secret-rules F      secret rules in gitleaks' TOML language instead of the shipped ones
  --no-cache            neither read nor write the layer cache
  --verify              hash everything that is read
  --memory MIB          what the reading process may use (default 1024)
  --timeout T           how long it may take (default 25m)

exit: 0 allowed, 1 denied by the policy, 2 wrong use or unreadable target, 3 partial under --strict

examples:
  palisade scan shop/api:1.2
  palisade scan archive:image.tar --fail-on high
  palisade scan registry:registry.example/shop/api:1.2 --platform linux/arm64
  palisade scan dir:/ --format html --output host.html
  palisade scan sbom:bom.json --format sarif --output scan.sarif`,
  'zh-CN': `用法：palisade scan 目标 [选项]

目标    docker:名称     本机容器引擎中的镜像
        archive:文件    docker save 或 OCI 归档，可为 gzip 或 zstd 压缩；文件#标签 从多个镜像中选择
        oci:路径        OCI 布局：目录或归档
        registry:引用   从镜像仓库拉取（使用“docker login”的登录信息）
        dir:路径        根目录；dir:/ 即本机
        sbom:文件       CycloneDX 1.2 至 1.7（JSON、XML）、SPDX 2（JSON、tag-value）或 Syft JSON
        不写来源        若存在同名文件或目录则取之，否则为本机容器引擎中的镜像；绝不访问镜像仓库

  --feed 文件           漏洞库（默认：已导入的漏洞库）
  --policy 文件         准入策略，可多次指定
  --waivers 文件        豁免，可多次指定
  --fail-on 级别        拒绝此级别及以上的发现：critical、high、medium 或 low
  --strict              有内容未能检查时退出码为 3
  --format 格式         table（默认）、json、sarif、cyclonedx、spdx、junit 或 html
  --output 文件         一次性写入该文件，而不是标准输出
  --lang 语言           en 或 zh-CN（默认取决于 LANG）
  --platform 平台       多平台镜像中要扫描的平台，如 linux/arm64（默认：本机平台）
  --insecure-registry 主机  允许不使用 TLS 访问该镜像仓库，可多次指定
  --secret-rules 文件   用 gitleaks TOML 语言的密钥规则代替内置规则
  --no-cache            不读写镜像层缓存
  --verify              对读取的全部内容计算哈希
  --memory MiB          读取进程可用的内存（默认 1024）
  --timeout 时长        读取进程可用的时间（默认 25m）

退出码：0 允许，1 被策略拒绝，2 用法错误或目标不可读，3 --strict 下扫描不完整

示例：
  palisade scan shop/api:1.2
  palisade scan archive:image.tar --fail-on high
  palisade scan registry:registry.example/shop/api:1.2 --platform linux/arm64
  palisade scan dir:/ --format html --output host.html
  palisade scan sbom:bom.json --format sarif --output scan.sarif`,
};
