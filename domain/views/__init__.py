"""Read models: what the api, the command line and the metrics show."""
