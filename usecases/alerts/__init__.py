"""Report the operators' events to people."""
