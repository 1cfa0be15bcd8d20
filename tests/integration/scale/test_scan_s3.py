"""An archive in a bucket is scanned as a folder is: a server of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from whichcam.datasets.synthetic import SyntheticCamera

for name in ("s3fs", "moto", "boto3"):
    pytest.importorskip(name, reason="the extras scale and test are not installed")

# Of botocore and the server: calls of Python's that it has deprecated since.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Yield a client of a server that holds one empty bucket, named archive."""
    import boto3  # type: ignore[import-untyped]
    import s3fs
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    for key, value in {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "NO_PROXY": "127.0.0.1",
    }.items():
        monkeypatch.setenv(key, value)
    client = boto3.client("s3")
    client.create_bucket(Bucket="archive")
    s3fs.S3FileSystem.clear_instance_cache()
    yield client
    s3fs.S3FileSystem.clear_instance_cache()
    server.stop()


def test_a_bucket_is_scanned_as_a_folder_is(bucket: Any, tmp_path: Path) -> None:
    from whichcam.scan import read_rows, scan_photos

    folder = tmp_path / "album"
    (folder / "sub").mkdir(parents=True)
    for seed, name in enumerate(("a.jpg", "b.jpg", "sub/c.jpg")):
        data = SyntheticCamera().shoot_jpeg(seed=seed, size=(96, 96))
        (folder / name).write_bytes(data)
    (folder / "bad.jpg").write_bytes(b"no picture")
    (folder / "list.txt").write_text("a.jpg\nsub/c.jpg\nmissing.jpg\n")
    for path in folder.rglob("*.*"):
        key = f"album/{path.relative_to(folder).as_posix()}"
        bucket.put_object(Bucket="archive", Key=key, Body=path.read_bytes())
    options: dict[str, Any] = {"task": "fingerprint", "side_px": 64, "workers": 1}
    found = {}
    for name, source in (
        ("here", str(folder)),
        ("there", "s3://archive/album"),
        ("list", "s3://archive/album/list.txt"),
    ):
        scan_photos(source, out=tmp_path / name, **options)
        rows = [r for t in read_rows(tmp_path / name) for r in t.to_pylist()]
        found[name] = [
            (r["path"].split("album/")[1], r["bits"], r["error_code"]) for r in rows
        ]
    assert sorted(found["there"]) == sorted(found["here"])
    assert [row[0] for row in found["there"]] == [
        "a.jpg",
        "b.jpg",
        "bad.jpg",
        "sub/c.jpg",
    ]
    assert found["list"][0][1] == found["here"][0][1]
    assert [row[2] for row in found["list"]] == [None, None, "PhotoNotFoundError"]
