"""The policies in force: read from a folder, reloaded in every process."""
