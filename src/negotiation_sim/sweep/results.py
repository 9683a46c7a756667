"""What a sweep has found: a table that is read only as far as it is needed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from negotiation_sim.rules.arrays import Ints
from negotiation_sim.rules.outcome import OUTCOMES
from negotiation_sim.sweep.store import DESIGN, TRACES, counted, parts, read_manifest


class Results:
    """The results in a sweep's folder, complete or not; nothing is read before it is asked for.

    Args:
        folder: of the sweep.

    Attributes:
        folder: where they are.
        manifest: what was asked for, with which versions, where and when.
        design: one row a design point, a column a factor.

    Raises:
        ScenarioError: it is no sweep's folder, or two of its parts hold the same run.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self.manifest: dict[str, Any] = read_manifest(self.folder)
        self.design = pd.read_parquet(self.folder / DESIGN)
        self._parts = parts(self.folder)

    def __len__(self) -> int:
        return sum(part.stop - part.start for part in self._parts)

    @property
    def dataset(self) -> ds.Dataset:
        """All runs as an Arrow dataset, in the table's order: filter, project and scan it without loading it."""
        return _together([part.path for part in self._parts])

    @property
    def traces(self) -> ds.Dataset:
        """The rounds that were kept of these runs, in the same order, as an Arrow dataset."""
        return _together([self.folder / TRACES / part.path.name for part in self._parts])

    def to_pandas(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """All runs, or some columns of them, in memory."""
        table: pd.DataFrame = self.dataset.to_table(columns=list(columns) if columns else None).to_pandas()
        return table

    def counts(self) -> pd.DataFrame:
        """How often each outcome occurred at each design point: the design's columns, then one an outcome."""
        total: Ints = counted(self.folder, len(self.design))
        return self.design.join(pd.DataFrame(total, columns=list(OUTCOMES)))


def _together(paths: Sequence[Path]) -> ds.Dataset:
    """Parts as one dataset, with the columns of all: other scenarios may have other parties, types and facts."""
    schema = pa.unify_schemas([pq.read_schema(path) for path in paths]) if paths else None
    return ds.dataset([str(path) for path in paths], schema=schema, format="parquet")
