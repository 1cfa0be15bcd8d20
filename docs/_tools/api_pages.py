"""Write the pages of the API reference that are missing; delete none.

Run it from anywhere: ``python docs/_tools/api_pages.py``. A page may be edited
afterwards, as long as it keeps its ``automodule``.
"""

from __future__ import annotations

import pkgutil
from pathlib import Path

import whichcam

PAGES = Path(__file__).resolve().parents[1] / "api"

PAGE = """# {name}

```{{eval-rst}}
.. automodule:: {name}
```
"""


def public_modules() -> list[str]:
    """Return the package and all modules below it whose names are public."""
    found = [whichcam.__name__]
    for module in pkgutil.walk_packages(whichcam.__path__, "whichcam."):
        if not any(part.startswith("_") for part in module.name.split(".")):
            found.append(module.name)
    return found


def main() -> None:
    """Write what is missing."""
    for name in public_modules():
        page = PAGES / f"{name}.md"
        if not page.exists():
            page.write_text(PAGE.format(name=name), encoding="utf-8")
            print(f"wrote {page.relative_to(PAGES.parents[1])}")


if __name__ == "__main__":
    main()
