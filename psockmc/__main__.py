"""`python -m psockmc` is `psockmc`."""

import sys

from psockmc.cli import main

if __name__ == "__main__":
    sys.exit(main())
