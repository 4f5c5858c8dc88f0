"""The commands for the audit, and the verifier that needs none of the rest."""
