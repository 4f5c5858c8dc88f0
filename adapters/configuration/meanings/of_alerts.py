"""The meaning of each setting of a sink of alerts; see `of_gateway`."""

from typing import Final

from adapters.configuration.meanings.words import Words

ALERT_MEANINGS: Final = {
    "kind": Words(
        "`dingtalk`, `feishu` or `wecom`: a group robot. `webhook`: a JSON request with `text` and `events`.",
        "`dingtalk`、`feishu`、`wecom`：群机器人；`webhook`：带 `text` 与 `events` 的 JSON 请求。",
    ),
    "url": Words(
        "The robot's webhook address. It holds a token: write `env:NAME` and keep it in the environment. Use "
        "a robot for one sink only, since its rate limit is counted here.",
        "机器人的 webhook 地址。其中带有令牌，建议写成 `env:变量名`，放在环境变量里。"
        "一个机器人只配给一个告警通道，频率限制按通道计算。",
    ),
    "secret": Words(
        "`dingtalk`, `feishu`: the secret of the robot's signature check. `webhook`: `whsec_…`, for a "
        "Standard Webhooks signature. `wecom` has none. A robot that checks keywords instead needs the "
        "keyword `faceid-gateway`.",
        "`dingtalk`、`feishu`：机器人“加签”（签名校验）的密钥；`webhook`：`whsec_…`，按 Standard Webhooks "
        "签名；`wecom` 没有。若机器人改用关键词校验，关键词填 `faceid-gateway`。",
    ),
    "types": Words(
        "The types of [events](events.md) that it reports. The operators' types: `endpoint.failing`, "
        "`endpoint.disabled`, `delivery.exhausted`, `dead_letter.created`, `policy.activated` and "
        "`review.overdue`.",
        "报告哪些类型的[事件](events.zh.md)。运维类事件即 `endpoint.failing`、`endpoint.disabled`、"
        "`delivery.exhausted`、`dead_letter.created`、`policy.activated`、`review.overdue`。",
    ),
    "language": Words("Language of the messages, `zh` or `en`.", "消息的语言，`zh` 或 `en`。"),
}
"""Keys: the fields of `AlertSettings`."""
