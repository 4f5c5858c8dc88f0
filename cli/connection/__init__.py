"""The servers and the api of a running gateway, for commands, and who runs the command."""
