"""One part of the benchmark each: what is run, and the figures that come out."""
