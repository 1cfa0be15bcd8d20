"""The commit is read from git's own files, and only from the right ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from whichcam.evaluation._environment import git_commit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Return the package's folder in a checkout whose HEAD is a branch."""
    folder = tmp_path / "src" / "whichcam"
    folder.mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    return folder


def test_a_branch_is_followed_to_its_commit(package: Path, tmp_path: Path) -> None:
    branch = tmp_path / ".git" / "refs" / "heads" / "main"
    branch.parent.mkdir(parents=True)
    branch.write_text(COMMIT + "\n")
    assert git_commit(package) == COMMIT


def test_a_packed_branch_is_found(package: Path, tmp_path: Path) -> None:
    (tmp_path / ".git" / "packed-refs").write_text(
        f"# pack-refs\n{'f' * 40} refs/heads/other\n{COMMIT} refs/heads/main\n"
    )
    assert git_commit(package) == COMMIT


def test_a_detached_head_is_its_own_commit(package: Path, tmp_path: Path) -> None:
    (tmp_path / ".git" / "HEAD").write_text(COMMIT + "\n")
    assert git_commit(package) == COMMIT


def test_a_linked_work_tree_finds_the_branch_in_the_main_one(tmp_path: Path) -> None:
    main, linked = tmp_path / "main" / ".git", tmp_path / "linked"
    own = main / "worktrees" / "linked"
    (main / "refs" / "heads").mkdir(parents=True)
    own.mkdir(parents=True)
    (main / "refs" / "heads" / "topic").write_text(COMMIT)
    (own / "HEAD").write_text("ref: refs/heads/topic\n")
    (own / "commondir").write_text("../..\n")
    (linked / "src" / "whichcam").mkdir(parents=True)
    (linked / ".git").write_text(f"gitdir: {own}\n")
    assert git_commit(linked / "src" / "whichcam") == COMMIT


def test_a_branch_without_a_commit_has_none(package: Path) -> None:
    assert git_commit(package) is None


def test_the_repository_around_an_installation_is_not_ours(tmp_path: Path) -> None:
    folder = tmp_path / "lib" / "site-packages" / "whichcam"
    folder.mkdir(parents=True)
    for root in (tmp_path, tmp_path / "lib"):
        (root / ".git").mkdir()
        (root / ".git" / "HEAD").write_text(COMMIT)
    assert git_commit(folder) is None


@pytest.mark.parametrize("head", ["ref: ../../secret", "garbage", "", "\xff" * 9])
def test_a_head_that_makes_no_sense_is_no_commit(
    package: Path, tmp_path: Path, head: str
) -> None:
    (tmp_path / ".git" / "HEAD").write_bytes(head.encode("latin-1"))
    assert git_commit(package) is None


def test_a_head_cannot_lead_out_of_git_s_folder(package: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(COMMIT)
    (tmp_path / ".git" / "refs").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/../../secret\n")
    assert git_commit(package) is None
