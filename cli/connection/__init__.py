"""The servers and the api of a running gateway, for commands; how a command runs, and by whom."""
