"""Run the command as ``python -m whichcam``."""

from __future__ import annotations

from whichcam.cli import main

if __name__ == "__main__":
    main()
