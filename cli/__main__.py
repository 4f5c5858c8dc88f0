"""`python -m cli`, which `dev` starts its roles with."""

from cli.main import main

main()
