"""Who reviews: an actor with the apps in which it may."""

import msgspec

from domain.people.actor import Actor
from domain.reviews.case import Reviewer
from domain.reviews.errors import PersonRequired


class By(msgspec.Struct, frozen=True):
    """`app_ids`: where the actor has the scope `review`. `approving`: where it has `approve` too."""

    actor: Actor
    app_ids: tuple[str, ...]
    approving: tuple[str, ...] = ()

    def in_app(self, app_id: str) -> Reviewer:
        """The person in one app. Raises PersonRequired: the actor is no person."""
        if self.actor.person_id is None:
            raise PersonRequired
        return Reviewer(self.actor.person_id, str(self.actor), app_id in self.approving)
