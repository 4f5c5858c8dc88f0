"""What the vendor told about a verification that nobody could read: it is for a person, it is not silence."""

from domain.callback.payload import decode_payload
from domain.errors import MalformedPayload, UndecodableCallback
from domain.records import Case
from usecases.context import WorkerContext


async def told_what_nobody_reads(context: WorkerContext, case: Case) -> bool:
    """Whether the newest result that was kept is a JSON object, but none that says which verification it is
    about, or one about another.

    A page of a proxy is no word of the vendor's; a result that says that the flow goes on is read.
    """
    async with context.pictures.room_for(context.apps[case.app_id]):
        kept = await context.ledger.answer_of(case.lease)
        return kept is not None and _is_unread(kept, case)


def _is_unread(body: bytes, case: Case) -> bool:
    try:
        return decode_payload(body).biz_id != case.biz_id
    except UndecodableCallback:
        return True
    except MalformedPayload:
        return False
