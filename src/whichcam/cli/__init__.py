"""The command ``whichcam``: parse, call one function, print.

Exit codes: 0 done, whatever the finding; 1 unexpected; 2 usage; 3 unusable input;
4 something missing (a model, an optional library); 5 a finding that ``--fail-on``
names; 130 interrupted; 141 the reader of the output went away.
"""

from __future__ import annotations

from whichcam.cli._app import app, main

__all__ = ["app", "main"]
