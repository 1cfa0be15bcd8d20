"""The engine ray gives the rows of the local one, and outlives a node."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from whichcam.errors import InputError, MissingDependencyError

pytest.importorskip("ray", reason="the extra scale is not installed")

# Ray's own: sockets left open, and calls it has deprecated itself.
pytestmark = pytest.mark.filterwarnings("ignore")

_TASK = """
import os, time
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class SizeTask:
    columns = (("width", "int32"),)
    is_given_files = False
    pause_s: float = 0.0
    allow_truncated: bool = False

    def identity(self):
        return "size-1"

    def start(self):
        def look(photo):
            time.sleep(self.pause_s)
            return {"sha256": photo.sha256, "answer": f"{photo.width} px",
                    "is_unknown": False, "score": 1.0, "width": photo.width,
                    "result": {}}

        return look
"""


@pytest.fixture
def album(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from whichcam.scan import _tasks

    folder = tmp_path / "album"
    folder.mkdir()
    for k in range(40):
        Image.new("RGB", (8 + k % 3, 8)).save(folder / f"{k:03}.png")
    (folder / "zz.png").write_bytes(b"no picture")
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "ray_scan_tasks.py").write_text(_TASK)
    monkeypatch.syspath_prepend(str(modules))
    paths = [str(modules), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setitem(_tasks.TASKS, "size", "ray_scan_tasks:SizeTask")
    return folder


@pytest.fixture
def cluster(album: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Yield a cluster of two nodes of one core each, to which tests connect."""
    import ray
    from ray.cluster_utils import Cluster

    assert album.is_dir()  # its modules are on the path of the nodes' processes
    # Else the loopback is turned into the machine's address on the network.
    monkeypatch.setattr(
        "ray._private.services.get_node_ip_address", lambda *_: "127.0.0.1"
    )
    node: dict[str, Any] = {
        "node_ip_address": "127.0.0.1",
        "object_store_memory": 80 << 20,
        "include_dashboard": False,
    }
    found = Cluster(initialize_head=True, head_node_args={**node, "num_cpus": 0})
    nodes = [found.add_node(**node, num_cpus=1) for _ in range(2)]
    ray.init(address=found.address, log_to_driver=False, logging_level=logging.ERROR)
    try:
        yield found, nodes
    finally:
        ray.shutdown()
        found.shutdown()  # type: ignore[no-untyped-call]


def rows_of(folder: Path) -> list[dict[str, Any]]:
    from whichcam.scan import read_rows

    return [row for table in read_rows(folder) for row in table.to_pylist()]


def test_one_ray_node_gives_the_rows_of_the_local_engine(
    album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from whichcam.scan import scan_photos

    monkeypatch.setenv("RAY_OBJECT_STORE_ALLOW_SLOW_STORAGE", "1")
    options: dict[str, Any] = {"task": "size", "workers": 1, "shard_size": 10}
    scan_photos(album, out=tmp_path / "local", **options)
    scan_photos(album, out=tmp_path / "ray", engine="ray", **options)
    assert rows_of(tmp_path / "ray") == rows_of(tmp_path / "local")
    local, ray = (tmp_path / name / "summary.json" for name in ("local", "ray"))
    assert local.read_bytes() == ray.read_bytes()


@pytest.mark.slow
def test_a_node_that_is_lost_costs_no_picture(
    album: Path, tmp_path: Path, cluster: Any
) -> None:
    from whichcam.scan import ScanProgress, scan_photos

    found, nodes = cluster
    lost: list[int] = []

    def tell(now: ScanProgress) -> None:
        if now.n_done >= 8 and not lost:
            lost.append(now.n_done)
            found.remove_node(nodes[0], allow_graceful=False)

    report = scan_photos(
        album,
        task="size",
        out=tmp_path / "out",
        engine="ray",
        workers=2,
        shard_size=4,
        pause_s=0.1,
        progress=tell,
    )
    rows = rows_of(tmp_path / "out")
    assert lost
    assert [row["index"] for row in rows] == list(range(41))
    assert len({row["path"] for row in rows}) == 41
    assert report.failures == {"UnsupportedFormatError": 1}


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "there"])
def test_an_address_where_no_cluster_is(
    address: str, album: Path, tmp_path: Path
) -> None:
    from whichcam.scan import scan_photos

    with pytest.raises(InputError, match=address):
        scan_photos(
            album,
            task="size",
            out=tmp_path / "out",
            engine="ray",
            address=address,
        )


def test_without_ray_the_extra_is_named(
    album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    from whichcam.scan import scan_photos

    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingDependencyError, match=r"whichcam\[scale\]"):
        scan_photos(album, task="size", out=tmp_path / "out", engine="ray")
