"""An actor, and a row of the audit, for tests that are about something else."""

from domain.audit.action import Action
from domain.audit.row import AuditRow
from domain.people.actor import Actor

AN_ACTOR = Actor.token("ops", address="10.0.0.7")
A_ROW = AuditRow.by(AN_ACTOR, Action.ENDPOINT_CHANGED)
