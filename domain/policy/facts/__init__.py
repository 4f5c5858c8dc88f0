"""Facts: the content of a payload, flat and without identity. Policies read nothing else."""
