"""What the settings are read with: URLs, secrets, names, files, and one line for each mistake."""
