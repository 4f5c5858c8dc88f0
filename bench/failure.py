"""What ends a run. Apart from the rig, whose libraries take half a second to load in every load generator."""


class BenchFailed(Exception):
    """A figure could not be measured; the message says why."""
