"""Run a command; print its exit code, seconds and greatest resident memory in bytes.

It is run from a small process because Linux counts to a program what the process that
started it held at that moment: a benchmark that has pictures in memory would find them
in everything that it measures.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

if __name__ == "__main__":
    start = time.perf_counter()
    process = subprocess.Popen(sys.argv[1:], stdout=sys.stderr)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 if sys.platform == "darwin" else 1024
    print(json.dumps([process.returncode, seconds, usage.ru_maxrss * unit]))
