"""Parts of SQL, and the way to run a statement for many rows, that the other rooms share."""
