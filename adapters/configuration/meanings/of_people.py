"""The meaning of each setting of the console and of sign-ins; see `of_gateway`."""

from typing import Final

from adapters.configuration.meanings.words import Words

PEOPLE_MEANINGS: Final = {
    "console_timezone": Words(
        "The time zone of the times in the console, such as `Asia/Shanghai`.",
        "控制台显示时间所用的时区，如 `Asia/Shanghai`。",
    ),
    "console_url": Words(
        "Where browsers find the [console](../people.md), `https://HOST`. `people` prints links "
        "with it; the identity provider sends browsers back to it. Default: `http://127.0.0.1:8081`.",
        "浏览器访问[控制台](../people.zh.md)的地址，`https://主机`。"
        "`people` 命令打印的链接以它开头，身份提供方也会把浏览器送回这里。默认 `http://127.0.0.1:8081`。",
    ),
    "oidc_issuer": Words(
        "The identity provider (OpenID Connect), exactly as its description says `issuer`. With it, nobody "
        "signs in by password. Needs `console_url`, `oidc_client_id` and `oidc_groups`.",
        "身份提供方（OpenID Connect），须与其描述文档中的 `issuer` 完全一致。设置后不再使用密码登录。"
        "须同时设置 `console_url`、`oidc_client_id` 和 `oidc_groups`。",
    ),
    "oidc_client_id": Words(
        "The gateway's client ID at the provider. Register `CONSOLE_URL/login/oidc/back` as its redirect "
        "address.",
        "网关在身份提供方的客户端 ID；请把 `控制台地址/login/oidc/back` 登记为回跳地址。",
    ),
    "oidc_client_secret": Words(
        "Its secret, or `env:NAME`. Without it: a public client; PKCE is used in both cases.",
        "客户端密钥，或 `env:变量名`。不填则为公共客户端；两种情况都使用 PKCE。",
    ),
    "oidc_groups": Words(
        "Which group gives which role: `GROUP=ROLE` in every app, `GROUP=ROLE@APP` in one; separated by "
        "commas. A person in none of them cannot sign in. The roles follow the groups at each sign-in and "
        "end 7 days after the last one.",
        "哪个用户组对应哪个角色：`用户组=角色` 适用于所有应用，`用户组=角色@应用` 只适用于一个应用；"
        "逗号分隔。不属于其中任何一组的人无法登录。角色在每次登录时按用户组更新，最后一次登录 7 天后失效。",
    ),
    "oidc_scopes": Words(
        "The scopes that are requested, separated by commas. Some providers send groups only for a scope "
        "`groups`.",
        "登录时请求的 scope，逗号分隔。有的身份提供方只有请求 `groups` 才会返回用户组。",
    ),
    "oidc_name_claim": Words(
        "The claim with the login name, in the ID token or else at `userinfo`.",
        "作为登录名的 claim；ID token 中没有时取自 `userinfo`。",
    ),
    "oidc_groups_claim": Words(
        "The claim with the groups, in the ID token or else at `userinfo`.",
        "列出用户组的 claim；ID token 中没有时取自 `userinfo`。",
    ),
    "oidc_title": Words(
        "What the button on the sign-in page calls the provider.", "登录页按钮上显示的身份提供方名称。"
    ),
    "oidc_allow": Words(
        "Private hosts that the provider's description may name besides the issuer's own (same form as "
        "`webhook_allow`). The gateway connects to every other host at a public address only.",
        "身份提供方的描述文档中，除 issuer 自身外允许访问的内网主机（格式同 `webhook_allow`）；"
        "其他主机只会连接公网地址。",
    ),
    "oidc_proxy": Words(
        "HTTP proxy between the console and the provider, `http://HOST:PORT`. It resolves the names, so it "
        "has to refuse private addresses itself.",
        "控制台访问身份提供方所用的 HTTP 代理，`http://主机:端口`；域名由代理解析，因此须由代理自行拦截内网地址。",
    ),
    "oidc_ca": Words(
        "File of certificates (PEM) that are trusted for the provider instead of the system's.",
        "连接身份提供方时信任的证书文件（PEM），替代系统自带的证书。",
    ),
}
