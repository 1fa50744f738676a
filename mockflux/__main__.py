"""``python -m mockflux``: the command line."""

from mockflux.cli import main

main(prog_name="mockflux")
