"""``python -m whichcam.training``, several times over in one of several processes.

``gloo_train.py '[[PORT, [ARGUMENT, ...]], ...]'``: each training meets the other
processes at a port of its own, for the first one's may not be free again at once.
"""

from __future__ import annotations

import json
import os
import runpy
import sys


def main() -> None:
    """Run them one after the other, and end with the first that fails."""
    for port, arguments in json.loads(sys.argv[1]):
        os.environ["MASTER_PORT"] = str(port)
        sys.argv = ["whichcam.training", *arguments]
        try:
            runpy.run_module("whichcam.training", run_name="__main__")
        except SystemExit as ended:
            if ended.code:
                raise


if __name__ == "__main__":
    main()
