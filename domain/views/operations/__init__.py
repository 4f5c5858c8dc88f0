"""What operators read: servers, processes, backlog, figures, and the data-protection report."""
