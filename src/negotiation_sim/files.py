"""Writing files so that they are there whole or not at all, at any instant at which the process may die."""

import io
import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

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


def as_parquet(table: pd.DataFrame) -> bytes:
    """A table as a Parquet file: words as dictionaries, numbers plain."""
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    # A column of labels is one of words in every part, also where all are left to the scenario.
    kinds = (pa.types.is_null, pa.types.is_string, pa.types.is_large_string)
    words = [each.name for each in arrow.schema if any(is_kind(each.type) for is_kind in kinds)]
    fields = [each.with_type(pa.large_string()) if each.name in words else each for each in arrow.schema]
    arrow = arrow.cast(pa.schema(fields))
    sink = io.BytesIO()
    pq.write_table(arrow.replace_schema_metadata(None), sink, compression="zstd", use_dictionary=words)
    return sink.getvalue()


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # Windows cannot open a folder
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
