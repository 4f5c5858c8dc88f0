"""Recorded callbacks, their verifications, owners and registrations."""
