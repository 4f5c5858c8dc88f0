"""Where odd values are put in the tests of payloads, and what may come of them."""

from domain.model import Outcome
from domain.policy.reasons import Code

APPROVED, REJECTED, REVIEW, INCOMPLETE = Outcome
UNREADABLE, REPEATED = Code.PAYLOAD_UNREADABLE.value, Code.PAYLOAD_REPEATED.value
FACE = "verify_result.result_faceid"
LIVENESS = "liveness_result"
SCORES = "liveness_result.face_genuineness"
CARD = "idcard_info"
MONOCHROME = "verify_result.id_exceptions.id_photo_monochrome"
