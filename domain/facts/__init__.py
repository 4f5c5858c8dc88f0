"""What a payload says, flat and without identity: all that a policy may look at."""
