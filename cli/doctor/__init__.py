"""`doctor`: check the configuration; one module per subject."""
