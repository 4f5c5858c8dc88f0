"""What each problem means and what the caller does, by subject; `service.problems.guide` has them all."""
