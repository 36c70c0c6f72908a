"""The command `flowmaster`."""

import sys


def main() -> int:
    """Run the command line and return its exit code."""
    from flowmaster.server.cli import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    raise SystemExit(main())
