"""Make ``python -m takeout`` the same as ``takeout``."""

import sys

from takeout.cli import main

sys.exit(main())
