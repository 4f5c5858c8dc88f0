"""The meaning of each problem code and advice for the caller, for docs/reference/errors.md."""

from typing import Final

from service.problems.guides.callbacks import CALLBACKS
from service.problems.guides.identity import IDENTITY
from service.problems.guides.requests import REQUESTS
from service.problems.guides.reviews import REVIEWS
from service.problems.guides.verifications import VERIFICATIONS
from service.problems.guides.webhooks import WEBHOOKS

GUIDE: Final = {**CALLBACKS, **VERIFICATIONS, **IDENTITY, **REVIEWS, **WEBHOOKS, **REQUESTS}
"""By the codes of `service.problems.problems.PROBLEMS`."""
