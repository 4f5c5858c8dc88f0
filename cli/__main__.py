"""`python -m cli`: `dev` starts its roles this way."""

from cli.main import main

main()
