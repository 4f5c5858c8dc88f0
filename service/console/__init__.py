"""The console: people look, decide and operate in a browser; the pages work without JavaScript."""
