"""``python -m embedding_norms`` is the command ``embedding-norms``."""

import sys

from ._command import main

sys.exit(main())
