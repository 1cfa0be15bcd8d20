"""What one picture file says of itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What one file says of itself."""

    width: int
    height: int
    n_bytes: int
    sha256: str
    perceptual_hash: str
    make: str
    model: str
    software: str
    serial: str
    owner: str
    taken: str

    def columns(self) -> dict[str, object]:
        """Return what a manifest records whatever the builder."""
        return {
            "width": self.width,
            "height": self.height,
            "n_bytes": self.n_bytes,
            "sha256": self.sha256,
            "perceptual_hash": self.perceptual_hash,
            "taken": self.taken,
        }
