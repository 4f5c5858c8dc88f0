"""The parts of bench that measure nothing: what is reported and compared, and the callbacks that are sent."""
