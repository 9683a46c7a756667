"""Writing files so that they are there whole or not at all, at any instant at which the process may die."""

import os
from collections.abc import Callable
from pathlib import Path

UNFINISHED = ".*.part"
"""Pattern of the names of files that are being written."""


def temporary_name(path: Path) -> Path:
    """Where `path` is written until it is whole."""
    return path.with_name(f".{path.name}.part")


def write_whole(path: Path, writer: Callable[[Path], object]) -> None:
    """Let `writer` write under a temporary name beside `path`, bring it to the disk, then rename it.

    Raises:
        OSError: what the disk or the folder refuses; nothing is left behind then.
    """
    temporary = temporary_name(path)
    try:
        writer(temporary)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # Windows cannot open a folder
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
