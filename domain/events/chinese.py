"""The words of the catalogue in Chinese."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from domain.events.event import EventType


class Words(NamedTuple):
    """As `domain.events.catalogue.Entry` has them in English, whole sentences each."""

    meaning: str
    when: str
    detail: str = ""


_WHEN_DECIDED: Final = "与判定在同一个事务里写入。"

CHINESE: Final[Mapping[EventType, Words]] = {
    EventType.APPROVED: Words("核身已判定：通过。", _WHEN_DECIDED),
    EventType.REJECTED: Words("核身已判定：不通过。", _WHEN_DECIDED),
    EventType.REVIEW: Words("核身已判定：需要人工审核。", _WHEN_DECIDED),
    EventType.INCOMPLETE: Words("核身已判定：用户没有走完流程。", _WHEN_DECIDED),
    EventType.REVIEWED: Words(
        "人工审核已有结论；`effective_outcome` 是审核人的结论，`outcome` 是策略的结论。",
        "与审核结论在同一个事务里写入。",
        "`case_id`：审核单。`review`：该核身记录的第几次审核。`reasons`：[审核人的理由](../review.zh.md#原因码)。",
    ),
    EventType.EXPIRED: Words(
        "一直没有收到回调，厂商也已不再保留结果：不会再有判定。",
        "与核身记录的结束在同一个事务里写入。",
    ),
    EventType.CONFLICT: Words(
        "另一个回调与第一个矛盾：流程的结局不同，或订单与登记的不符。判定不变，但应有人查看。",
        "与回调的记录在同一个事务里写入，可能早于判定，也可能晚于判定。",
        "`kind`：回调的方式，`notify` 或 `return`。",
    ),
    EventType.ERASED: Words(
        "核身记录中的身份信息已抹除。",
        "与抹除在同一个事务里写入。",
        "`because`：`request`（应请求）、`person`（应本人请求）、`retention`（保留期满）或"
        " `ledger`（恢复了旧备份后补做）。",
    ),
    EventType.TEST: Words(
        "应请求测试端点。只发送，不进日志。",
        "调用 `POST /v1/endpoints/{id}/test` 时产生。",
        "`endpoint_id`：端点。",
    ),
    EventType.REVIEW_OVERDUE: Words(
        "审核单的等待时间超过了策略允许的时限。不会因此作出任何结论，只提高其优先级。",
        "由 worker 的巡检写入，每次提高优先级时一条。",
        "`case_id`：审核单。`priority`：此后的优先级。",
    ),
    EventType.ENDPOINT_FAILING: Words(
        "端点已连续失败两天半，没有一次成功；再过同样长的时间就会停用。",
        "与失败的记录在同一个事务里写入。",
        "`endpoint_id`：端点。`since`：第一次失败的时间。",
    ),
    EventType.ENDPOINT_DISABLED: Words(
        "端点已停用，不再收到任何事件。",
        "与停用在同一个事务里写入。",
        "`endpoint_id`：端点。`reason`：原因。",
    ),
    EventType.DELIVERY_EXHAUSTED: Words(
        "一个事件用完了全部重试，仍未送达端点。",
        "与投递的结束在同一个事务里写入。",
        "`endpoint_id`、`delivery_id`：端点和投递。`event_id`：未送达的事件。`error`：最后一次尝试的错误。",
    ),
    EventType.DEAD_LETTER_CREATED: Words(
        "一个真实的回调无法理解或处理，已保存为死信。",
        "第一次保存时，在同一个事务里写入。",
        "`dead_letter_id`：死信。`reason`：原因。`kind`：回调的方式。",
    ),
    EventType.POLICY_ACTIVATED: Words(
        "策略已生效：新策略，或已有策略的新文本。",
        "worker 开始按它判定时写入：启动时，或重新加载后的下一次巡检。",
        "`name`、`version`、`hash`：策略，以及其文本的 SHA-256。",
    ),
    EventType.AUDIT_CHECKPOINT: Words(
        "审计的一个区块已封闭。在网关之外保存其哈希，日后就能证明此前的记录没有被改动或删除。",
        "与区块的封闭在同一个事务里写入；所有运行中的进程都认识该类型之后才开始产生。"
        "一个不属于任何应用；若应用有端点的 `types` 写明 `audit.checkpoint` 或 `audit.*`，该应用另有一个。",
        "`height`、`hash`：区块的高度和哈希。`count`：区块中的记录数。",
    ),
}
