"""Of the ingress: accepted callbacks, connections, processes, and the time to the decision."""
