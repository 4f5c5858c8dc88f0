"""Who works with the gateway: persons, their roles and sessions, and the actor of every change."""
