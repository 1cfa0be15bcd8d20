"""Versions of the tables: earlier ones are migrated, later ones refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whichcam.errors import ArtifactError, IncompatibleArtifactError
from whichcam.gallery import Gallery, _schema

Enroll = Callable[..., Any]

# The tables of version 1, as SQLite tells them. Galleries made by it are on people's
# disks: if this test fails, add a step to the schema instead of editing one.
VERSION_1 = {
    "camera": "id INTEGER, name TEXT, camera_model TEXT, created TEXT",
    "matrix": "id INTEGER, height INTEGER, width INTEGER, noise_version INTEGER, "
    "words INTEGER, file TEXT, n_rows INTEGER",
    "fingerprint": "id TEXT, camera INTEGER, height INTEGER, width INTEGER, "
    "exponent INTEGER, n_photos INTEGER, quality REAL, noise_version INTEGER, "
    "photo_sha256s BLOB, warnings TEXT, metadata TEXT, created TEXT, "
    "whichcam_version TEXT, pattern_sha256 TEXT, sign_sha256 TEXT, matrix INTEGER, "
    "slot INTEGER",
    "unwiped": "matrix INTEGER, slot INTEGER",
    "staging": "id TEXT, name TEXT, created TEXT",
}


@contextmanager
def database(folder: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(folder / "gallery.sqlite3")) as connection, connection:
        yield connection


def make_version_1(folder: Path) -> None:
    """Bring a gallery back to what the first release made."""
    with database(folder) as connection:
        connection.execute("DROP TABLE photo")
        connection.execute("ALTER TABLE camera DROP COLUMN note")
        connection.execute("PRAGMA user_version = 1")


def tables_of(connection: sqlite3.Connection) -> dict[str, str]:
    found = {}
    for (table,) in connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table'"
    ).fetchall():
        columns = connection.execute(f"PRAGMA table_info({table})")
        found[table] = ", ".join(f"{row[1]} {row[2]}" for row in columns)
    return found


@pytest.fixture
def next_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a whichcam that knows one version more."""
    step = (
        "ALTER TABLE camera ADD COLUMN owner TEXT",
        "UPDATE camera SET owner = 'nobody yet'",
    )
    monkeypatch.setattr(_schema, "STEPS", (*_schema.STEPS, step))
    monkeypatch.setattr("whichcam.gallery._store.STEPS", _schema.STEPS)


def test_the_first_step_makes_version_1_as_it_was_released() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in _schema.STEPS[0]:
            connection.execute(statement)
        assert tables_of(connection) == VERSION_1


def test_a_gallery_of_version_1_gets_notes_and_an_index_of_its_pictures(
    gallery: Gallery, enroll: Enroll
) -> None:
    photos = [f"{k:064x}" for k in range(1, 6)]
    enroll("a", photo_sha256s=photos[:3])
    enroll("b", photo_sha256s=photos[2:])
    enroll("c")
    before = gallery.list()
    gallery.close()
    make_version_1(gallery.folder)
    with database(gallery.folder) as connection:
        assert tables_of(connection) == VERSION_1
    with Gallery.open(gallery.folder) as migrated:
        assert migrated.list() == before
        assert migrated.cameras_by_photo([*photos, "f" * 64]) == {
            **dict.fromkeys(photos[:2], ("a",)),
            photos[2]: ("a", "b"),
            **dict.fromkeys(photos[3:], ("b",)),
        }
        assert migrated.note("c", "of the  library\n").note == "of the library"
        assert migrated.check().is_sound


def test_a_read_only_gallery_of_version_1_says_what_to_do(
    gallery: Gallery, enroll: Enroll
) -> None:
    enroll("a")
    gallery.close()
    make_version_1(gallery.folder)
    with pytest.raises(ArtifactError, match=r"version 1 .* open it once where it may"):
        Gallery.open(gallery.folder, read_only=True)


def test_a_new_gallery_bears_version_and_application(gallery: Gallery) -> None:
    with database(gallery.folder) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (
            len(_schema.STEPS),
        )
        assert connection.execute("PRAGMA application_id").fetchone() == (
            _schema.APPLICATION_ID,
        )


def test_a_gallery_of_a_newer_version_is_refused_with_the_remedy(
    gallery: Gallery,
) -> None:
    with database(gallery.folder) as connection:
        connection.execute("PRAGMA user_version = 1000")
    with pytest.raises(
        IncompatibleArtifactError,
        match=r"schema version 1000; this whichcam knows .* upgrade whichcam",
    ):
        Gallery.open(gallery.folder, create=True)


def test_a_gallery_of_the_version_before_is_migrated(
    gallery: Gallery, enroll: Enroll, request: pytest.FixtureRequest
) -> None:
    version = len(_schema.STEPS)
    enroll("a")
    before = enroll("b", metadata={"k": 1})
    with database(gallery.folder) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (version,)
    gallery.close()
    request.getfixturevalue("next_version")
    with Gallery.open(gallery.folder) as migrated:
        assert migrated.get("b") == before
        np.testing.assert_array_equal(migrated.get("b").pattern(), before.pattern())
        assert migrated.sign_matrix((24, 40)).names == ("a", "b")
    with database(gallery.folder) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (version + 1,)
        owners = connection.execute("SELECT owner FROM camera").fetchall()
        assert owners == [("nobody yet",)] * 2


def test_a_migration_that_fails_leaves_the_version_before(
    gallery: Gallery, enroll: Enroll, monkeypatch: pytest.MonkeyPatch
) -> None:
    enroll("a")
    gallery.close()
    with monkeypatch.context() as patch:
        step = ("ALTER TABLE camera ADD COLUMN owner TEXT", "NO SUCH STATEMENT")
        patch.setattr(_schema, "STEPS", (*_schema.STEPS, step))
        patch.setattr("whichcam.gallery._store.STEPS", _schema.STEPS)
        with pytest.raises(ArtifactError):
            Gallery.open(gallery.folder)
    with Gallery.open(gallery.folder) as again:
        assert again.names() == ("a",)
    with database(gallery.folder) as connection:
        columns = connection.execute("PRAGMA table_info(camera)").fetchall()
    assert "owner" not in [row[1] for row in columns]


@pytest.mark.usefixtures("gallery")
def test_a_gallery_to_be_migrated_must_be_writable(
    folder: Path, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue("next_version")
    with pytest.raises(ArtifactError, match=r"must be brought to .* where it may be"):
        Gallery.open(folder, read_only=True)


@pytest.mark.parametrize(
    "code",
    [
        "CREATE TRIGGER t AFTER INSERT ON camera BEGIN DELETE FROM camera; END",
        "CREATE VIEW v AS SELECT 1",
    ],
)
def test_a_database_with_code_in_it_is_refused(gallery: Gallery, code: str) -> None:
    with database(gallery.folder) as connection:
        connection.execute(code)
    with pytest.raises(ArtifactError, match="tampered with"):
        Gallery.open(gallery.folder)
