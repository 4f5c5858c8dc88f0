"""The meaning of each setting, in both languages, for docs/reference/settings.md and `.zh.md`."""

from typing import Final

from adapters.configuration.meanings.of_people import PEOPLE_MEANINGS
from adapters.configuration.meanings.words import Words

MEANINGS: Final = {
    "redis_url": Words(
        "Valkey, or Redis 7.0 or newer; it must allow `CONFIG GET`. "
        "`redis://USER:PASSWORD@HOST:PORT/DATABASE`, also `valkey://`; with TLS `rediss://` or "
        "`valkeys://`; over a socket `unix:///PATH`. In a password, write `/` `?` `#` `@` as `%2F` `%3F` "
        "`%23` `%40`.",
        "Valkey，或 7.0 以上的 Redis；必须允许 `CONFIG GET`。`redis://用户:密码@主机:端口/库号`，也可用 "
        "`valkey://`；TLS 用 `rediss://` 或 `valkeys://`；套接字用 `unix:///路径`。密码中的 `/` `?` `#` "
        "`@` 写作 `%2F` `%3F` `%23` `%40`。",
    ),
    "database_url": Words(
        "`postgresql://USER:PASSWORD@HOST:PORT/NAME`, with the parameters of libpq: "
        "`?sslmode=verify-full&sslrootcert=FILE` (or `system`), `application_name`, `connect_timeout`, "
        "`options`, `target_session_attrs`, several hosts … A parameter that cannot be used stops the "
        "start.",
        "`postgresql://用户:密码@主机:端口/库名`，可带 libpq 的参数：`?sslmode=verify-full&sslrootcert=文件"
        "`（或 `system`）、`application_name`、`connect_timeout`、`options`、`target_session_attrs`、多个主"
        "机等；不能用的参数会阻止启动。",
    ),
    "master_keys": Words(
        "32 bytes each, in base64, newest first, separated by commas. **Keep every key ever used.**",
        "主密钥：每个 32 字节，base64 编码，最新的在前，逗号分隔。**凡是用过的密钥都要保留。**",
    ),
    "keys_url": Words(
        "Where the [epoch keys](../operations.md#keys) are kept, apart from the data: `file:///FOLDER` on "
        "another disk, `postgresql://…`, a second database, or a key service: `vault://HOST:PORT/MOUNT`, "
        "`aws-kms://REGION`, `aliyun-kms://REGION`, each with `?registry=` and the URL of a folder or "
        "database. Without it the master keys alone protect the data, and a backup undoes every erasure "
        "(`dev` uses `.faceid/keys`).",
        "[周期密钥](../operations.md#keys)存放处，须与数据分开：另一块磁盘上的目录 `file:///目录`，"
        "另一个数据库 `postgresql://…`，或密钥服务：`vault://主机:端口/挂载点`、`aws-kms://地域`、"
        "`aliyun-kms://地域`，均须用 `?registry=` 指定存放登记的目录或数据库。"
        "不设置时，数据只由主密钥保护，恢复备份会使抹除失效（`dev`：`.faceid/keys`）。",
    ),
    "keys_epoch": Words(
        "Days that one epoch key covers, for each app. Data is destroyed in units of an epoch.",
        "每个应用的一个周期密钥覆盖的天数；销毁数据以周期为单位。",
    ),
    "keys_cached": Words(
        "Seconds for which a process uses an epoch key after the key store last confirmed it: an outage that "
        "is shorter is not felt.",
        "密钥库最近一次确认后，进程可继续使用周期密钥的秒数；短于此的密钥库故障不影响业务。",
    ),
    "pictures_url": Words(
        "Where the [pictures](../identity.md#pictures) of results are kept, encrypted: `file:///FOLDER`, or "
        "`s3://BUCKET/PREFIX?region=REGION` (extra `aws`), with `endpoint=https://HOST` and "
        "`addressing=path` for other servers than Amazon's. Required by `return_image` "
        "(`dev` uses `.faceid/pictures`).",
        "结果中[图片](../identity.zh.md#图片)的加密存放处：目录 `file:///目录`，或 "
        "`s3://存储桶/前缀?region=地域`（需安装 `aws` 扩展），非亚马逊的服务另加 `endpoint=https://主机` 和 "
        "`addressing=path`。设置了 `return_image` 时必填（`dev`：`.faceid/pictures`）。",
    ),
    "apps": Words("At least one app; in the environment as JSON.", "至少一个应用；环境变量里用 JSON。"),
    "alerts": Words(
        "Where [alerts](../operations.md#alerts) go, any number of tables; in the environment as JSON. "
        "Default: nowhere.",
        "[告警](../operations.md#alerts)发往何处，可有任意多个；环境变量里用 JSON。默认不发。",
    ),
    "policy_dir": Words(
        "Folder of the policies, one `*.toml` each; see [policies](../policy.md).",
        "策略所在目录，每个 `*.toml` 一个策略；见[策略](../policy.md)。",
    ),
    "durability": Words(
        "`fsync`: a 200 means that the callback is on disk. `memory`: it is in Redis's memory.",
        "`fsync`：200 表示已落盘。`memory`：200 表示已在 Redis 内存中。",
    ),
    "max_body_bytes": Words(
        "Largest callback body in bytes; larger ones are refused.", "回调请求体的最大字节数；超过则拒绝。"
    ),
    "body_timeout": Words(
        "Seconds for a request to arrive, from its first byte to the last of its body (api: at least 60).",
        "一个请求从第一个字节到请求体最后一个字节须在多少秒内到齐（api：至少 60）。",
    ),
    "max_header_bytes": Words(
        "Largest request line and headers together; more, or more than 100 headers, are refused (431).",
        "请求行与请求头合计的最大字节数；超过，或请求头多于 100 个，则拒绝（431）。",
    ),
    "max_connections": Words(
        "Open connections per ingress process; an api process takes four times as many. Over the limit, "
        "the connection that has waited longest without sending a whole request is closed; up to 8,000 of "
        "these stay open for a while, as far as the limit of open files allows.",
        "每个 ingress 进程的连接数上限，api 进程为其四倍；超过时，关闭等待最久且尚未发来完整请求的连接；"
        "在打开文件数允许的范围内，最多 8,000 个这样的连接稍后再关闭。",
    ),
    "max_connections_per_address": Words(
        "The same limit for one address (IPv6: per /64), on the ingress; a proxy in `trusted_proxies` is "
        "exempt.",
        "每个来源地址的同一上限（IPv6 按 /64）；`trusted_proxies` 中的代理不受此限。",
    ),
    "inbox_timeout": Words(
        "Seconds to wait for Redis to take a callback; after that it goes to the spool.",
        "等待 Redis 收下回调的秒数；超时则写入本地暂存（spool）。",
    ),
    "inbox_high_water": Words(
        "Bytes in Redis's memory above which callbacks go to the spool.",
        "Redis 占用内存超过这么多字节时，回调改写入本地暂存。",
    ),
    "inbox_memory_share": Words(
        "Share of Redis's `maxmemory` above which callbacks go to the spool; the rest is for the workers.",
        "占用超过 Redis `maxmemory` 的这一比例时同样改写本地暂存，给 worker 留出空间。",
    ),
    "ingress_metrics_port": Words(
        "Port of the ingress's own `/metrics`. Internal only; it reports refusals even while Redis is away.",
        "ingress 单独的 `/metrics` 端口；仅供内网，Redis 不可用时也能看到拒绝数。",
    ),
    "ingress_metrics_host": Words("Address on which that port listens.", "上述端口监听的地址。"),
    "max_waiting": Words(
        "Most callbacks that wait to be written, per ingress process; more are refused with 503.",
        "每个 ingress 进程最多允许多少回调排队等待写入；超过则 503。",
    ),
    "spool_dir": Words(
        "Folder on a local disk for callbacks while Redis cannot take them; without it they are refused "
        "(`dev` uses `.faceid/spool`).",
        "本地磁盘上的暂存目录，Redis 收不下回调时使用；不设置则拒绝回调（`dev`：`.faceid/spool`）。",
    ),
    "spool_max_bytes": Words(
        "Largest size of the spool in bytes, per ingress process; beyond it callbacks are refused with 503.",
        "每个 ingress 进程的暂存上限（字节）；超过则 503。",
    ),
    "spool_drain_rate": Words(
        "Batches (of up to 64 callbacks) per second from the spool to Redis.",
        "每秒从暂存搬回 Redis 的批次数（每批最多 64 个回调）。",
    ),
    "shutdown_delay": Words(
        "Seconds between SIGTERM, when `readyz` turns 503, and refusing new connections (`dev`: 0).",
        "收到 SIGTERM（`readyz` 变为 503）之后，过多少秒才停止接受新连接（`dev`：0）。",
    ),
    "trusted_proxies": Words(
        "Addresses or networks of proxies whose `X-Forwarded-For` the ingress trusts, separated by commas.",
        "ingress 信任哪些代理的 `X-Forwarded-For`：地址或网段，逗号分隔。",
    ),
    "nudge_grace": Words(
        "Seconds after a user's return by GET before a missing callback's result is requested.",
        "用户以 GET 返回之后，等多少秒再去查询尚缺回调的结果。",
    ),
    "nudge_rate": Words(
        "Returns by GET per second that may trigger this, per ingress process. Bursts: ten seconds' worth.",
        "每秒允许多少次 GET 返回触发这种查询，按 ingress 进程计；瞬时最多为十秒的量。",
    ),
    "nudge_address_rate": Words(
        "The same per address (IPv6: per /64).",
        "同上，按来源地址计（IPv6 按 /64）。",
    ),
    "pull_timeout": Words(
        "Timeout of one `get_result` or `get_token` call, in seconds.",
        "一次 `get_result` 或 `get_token` 调用的超时（秒）。",
    ),
    "pull_spacing": Words(
        "Minimum seconds between two calls for one verification.",
        "同一条核身记录两次拉取的最小间隔（秒）。",
    ),
    "pulls_in_flight": Words(
        "Most calls in flight for one app, per worker; if the vendor refuses calls because there are too "
        "many, the worker makes fewer.",
        "每个 worker 为一个应用同时进行的拉取数上限；厂商因并发过多而拒绝时，worker 会自行减少。",
    ),
    "reconcile_grace": Words(
        "Seconds after a token's expiry before a missing callback's result is requested.",
        "token 过期后，等多少秒再去查询尚缺回调的结果。",
    ),
    "reconcile_last_look": Words(
        "Seconds after the registration for the last such request; at most 23 hours.",
        "登记后多少秒最后查询一次；最多 23 小时。",
    ),
    "reconcile_rate": Words(
        "Most such requests per second, for all workers together.",
        "所有 worker 合计每秒最多查询多少条。",
    ),
    "settle_at_once": Words(
        "Verifications of each app that one worker works on at once.",
        "每个 worker 对每个应用同时处理的核身数。",
    ),
    "redis_prefix": Words(
        "Prefix of every key in Redis; gateways that share a Redis database need different prefixes.",
        "Redis 中所有键名的前缀；多个网关共用一个 Redis 数据库时必须各不相同。",
    ),
    "api_rate": Words(
        "Lookups per second for one token, per api process, with bursts of twice that. Lists: 10 per second.",
        "单个 api 进程内，每个令牌每秒最多查询多少次，瞬时可达两倍；列表每秒 10 次。",
    ),
    "api_call_rate": Words(
        "Orders, registrations and pulls per second for one token, averaged over ten seconds, for all api "
        "processes together.",
        "每个令牌每秒最多发起、登记、主动拉取多少次（按十秒平均，所有 api 进程合计）。",
    ),
    "heartbeat_every": Words("Seconds between a process's heartbeats.", "各进程心跳的间隔秒数。"),
    "sweep_every": Words("Seconds between sweeps, 1 to 30.", "巡检间隔（秒），1 至 30。"),
    "sweep_after": Words(
        "Seconds after which untouched work is picked up again, at least 1. A group that is still being "
        "recorded does not count as untouched.",
        "无人处理多少秒后重新拾起，至少为 1；仍在写入的一组不算无人处理。",
    ),
    "roles": Words(
        "What a worker process does, separated by commas: `record` callbacks and decide, `deliver` webhooks. "
        "With workers that only deliver, slow receivers cannot slow decisions.",
        "worker 进程负责的工作，逗号分隔：`record`（写入回调并判定）、`deliver`（投递 webhook）。"
        "让部分 worker 只负责投递，接收方再慢也不会拖慢判定。",
    ),
    "events_kept": Words(
        "Days for which [events](events.md) are kept; those that no sender has seen yet are kept longer.",
        "[事件](events.zh.md)保留多少天；尚未被投递进程读取的事件会保留更久。",
    ),
    "identity_reads_a_day": Words(
        "How many times a day (UTC) one person or one token may read an identity, search by an ID number or "
        "export a person; above it the answer is 429 `identity_limit`.",
        "每个人员或每个令牌每天（UTC）最多可以查看明文身份、按证件号搜索或导出个人数据多少次；超出后返回 429 "
        "`identity_limit`。",
    ),
    "webhook_allow": Words(
        "Private receivers of webhooks that are allowed: networks (`10.0.0.0/8`), hosts (`crm.internal`) or "
        "URLs (`http://crm.internal:8080`), separated by commas (`dev`: `127.0.0.0/8`).",
        "允许投递 webhook 的内网目标：网段（`10.0.0.0/8`）、主机名（`crm.internal`）或 URL"
        "（`http://crm.internal:8080`），逗号分隔（`dev`：`127.0.0.0/8`）。",
    ),
    "webhook_proxy": Words(
        "HTTP proxy that sends the webhooks, `http://HOST:PORT`. It resolves the names, so it has to refuse "
        "private addresses itself.",
        "发送 webhook 使用的 HTTP 代理，`http://主机:端口`；域名由代理解析，因此须由代理自行拦截内网地址。",
    ),
    "webhook_endpoints": Words("Most webhook endpoints of one app.", "每个应用最多可有多少个接收端点。"),
    "audit_anchor_file": Words(
        "File to which workers append the hash of each new block of the [audit](../audit.md): on a disk or a "
        "mount that the database's administrators cannot write to.",
        "worker 把[审计记录](../audit.zh.md)每个新区块的哈希追加到这个文件："
        "应放在数据库管理员无法写入的磁盘或挂载点上。",
    ),
    "audit_tsa_url": Words(
        "URL of a time stamping authority (RFC 3161), which signs the hash of the newest block of the "
        "[audit](../audit.md) once an hour. It needs `faceid-gateway[timestamps]`.",
        "时间戳服务（RFC 3161）的 URL：每小时为[审计记录](../audit.zh.md)最新区块的哈希签发一次时间戳。"
        "需要安装 `faceid-gateway[timestamps]`。",
    ),
    "audit_kept": Words(
        "Days for which rows of the [audit](../audit.md) are kept, at least 180; their hashes stay.",
        "[审计记录](../audit.zh.md)的行保留多少天，至少 180；各行的哈希会一直保留。",
    ),
    **PEOPLE_MEANINGS,
    "log_level": Words("`debug`, `info`, `warning` or `error`.", "`debug`、`info`、`warning`、`error`。"),
    "config": Words(
        "Path of the TOML file; read from the environment or `.env`.",
        "TOML 文件的路径；取自环境变量或 `.env`。",
    ),
}
"""Keys: the fields of `Settings`, and `config`, which names the file."""
