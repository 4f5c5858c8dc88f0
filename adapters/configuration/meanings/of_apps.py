"""The meaning of each setting of an app; see `of_gateway`."""

from typing import Final

from adapters.configuration.meanings.words import Words

APP_MEANINGS: Final = {
    "api_key": Words("The vendor's API_KEY.", "厂商给的 API_KEY。"),
    "api_secrets": Words(
        "API_SECRETs, newest first: callbacks may be signed with any of them, pulls use the first.",
        "API_SECRET 列表，新的在前：回调验签时逐个尝试，拉取时用第一个。",
    ),
    "hash": Words(
        "Hash of the signature: `sha256` for the sibling product H5 Plus, whose `result_code` is read as "
        "`status`.",
        "签名所用的哈希：同系产品 H5 Plus 用 `sha256`，其 `result_code` 按 `status` 读取。",
    ),
    "vendor_url": Words(
        "The vendor's host, also in the `url` that your user's browser opens.",
        "厂商的主机；用户浏览器打开的 `url` 也用它。",
    ),
    "vendor_path": Words(
        "Path before `/get_result`; `/finauth/lite` on some hosts.",
        "`/get_result` 之前的路径；部分主机为 `/finauth/lite`。",
    ),
    "notify_url": Words(
        "Address of the ingress for this app's notifications, as the vendor reaches it; required to order "
        "verifications through the api. `doctor` checks it.",
        "本应用接收厂商通知的 ingress 地址（厂商可访问）；通过 api 发起核身时必填。`doctor` 会检查。",
    ),
    "return_url": Words(
        "Address of the ingress for this app's returning browsers; required to order verifications through "
        "the api.",
        "用户浏览器返回时访问的 ingress 地址；通过 api 发起核身时必填。",
    ),
    "require_registration": Words(
        "`true`: genuine callbacks of unregistered verifications are stored (`held`) and decided after the "
        "registration.",
        "`true`：没有登记过的核身，真实的回调会保存下来（`held`），登记之后才判定。",
    ),
    "orders_of_number": Words(
        "How many verifications of one ID number (`idcard_number`) may be ordered in 24 hours; the next "
        "order is 429 `number_limit`, and the vendor is not called. `0`: no limit.",
        "同一证件号（`idcard_number`）24 小时内最多可以下多少单；超出后返回 429 "
        "`number_limit`，不调用厂商。`0`：不限制。",
    ),
    "landing_url": Words(
        "Where the browser goes after the flow, with `biz_id` added; without it, it sees a built-in page "
        "(zh/en).",
        "流程结束后浏览器跳转到哪里，会加上 `biz_id`；不填则显示内置页面（中/英文）。",
    ),
    "confirmation": Words(
        "`required`, `preferred` or `off`: whether a result must confirm the callback. By default as the "
        "policy says; see [policies](../policy.md#confirmation).",
        "`required`、`preferred`、`off`：回调是否必须由拉取的结果确认；默认按策略，见[策略"
        "](../policy.md#confirmation)。",
    ),
    "policy": Words("Name of a policy in `policy_dir`.", "`policy_dir` 中策略的名称。"),
    "candidate_policy": Words(
        "A policy that runs beside the live one; its decisions are stored as shadows.",
        "与线上策略并行运行并作为影子判定保存的策略。",
    ),
    "return_image": Words(
        "1 to 6: the pull asks for pictures, which are kept encrypted in `pictures_url`; a worker makes at "
        "most 8 such calls at once, for all apps together.",
        "1 至 6：拉取时要求返回图片，加密后存放在 `pictures_url`；每个 worker 对所有应用合计最多同时进行 8 个"
        "此类调用。",
    ),
    "retention": Words(
        "The table `[apps.ID.retention]`: days until data is erased by age. `raw_days` (7): raw callbacks "
        "and results, from the decision. `identity_days` (90): the identity and everything else that is "
        "encrypted, from the decision, or from the start if there is none; dead letters, from their last "
        "failure. `images_days` (7): pictures, from when they were stored, and no longer than the identity. "
        "`decision_days` (1095, at least 30): the whole verification with decision, facts and timeline, from "
        "the decision, or from the start if there is none.",
        "`[apps.ID.retention]` 表：数据到期抹除的天数。`raw_days`（7）：原始回调与结果，自判定之日起算；"
        "`identity_days`（90）：身份信息及其余全部密文，自判定之日起算，没有判定的自创建之日起算；死信自最近一次"
        "失败起算；`images_days`（7）：图片，自存储之日起算，且不晚于身份信息；"
        "`decision_days`（1095，至少 30）：整条核身记录（判定、事实、时间线），"
        "自判定之日起算，没有判定的自创建之日起算。",
    ),
    "pull_retry_delays": Words(
        "Seconds before the second and the third pull, if the earlier ones brought no answer about the "
        "verification; `[]`: no second try. A pull that could not be sent is always tried again.",
        "前一次拉取没有得到关于该核身记录的答复时，第二次、第三次拉取之前各等多少秒；`[]` 表示不再试。没能"
        "发出的拉取总会再试。",
    ),
}
"""Keys: the fields of `AppSettings`."""
