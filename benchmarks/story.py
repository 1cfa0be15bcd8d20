"""Tell the blog post on photographs or synthetic cameras, and keep the result."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import _record

STORY = _record.HERE.parent / "examples" / "blog_post" / "run.py"


def main() -> None:
    """Run the example, and keep what it wrote with commit and machine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, help="folder; default: synthetic")
    parser.add_argument("--limit", type=int, help="photos of a camera model")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(STORY), "--out", folder]
        if given.photos is not None:
            command.append(str(given.photos / "manifest.csv"))
        if given.limit is not None:
            command += ["--limit", str(given.limit)]
        subprocess.run(command, check=True)
        text = (Path(folder) / "blog_post.json").read_text(encoding="utf-8")
    path = _record.write_new("blog_post", json.loads(text) | _record.provenance())
    print(path.relative_to(_record.HERE.parent))


if __name__ == "__main__":
    main()
