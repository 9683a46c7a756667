"""A sweep's table in formats that other programs read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import xarray as xr
from pyarrow import csv

from negotiation_sim.rules.outcome import HEADLINES, OUTCOMES
from negotiation_sim.sweep.results import Results

CODES = {
    "outcome": list(OUTCOMES),
    "week_outcome": list(OUTCOMES),
    "headline": list(HEADLINES),
    "week_headline": list(HEADLINES),
}
"""Words that NetCDF keeps as small numbers, after the CF conventions (flag_values, flag_meanings)."""


def write_csv(results: Results, path: Path) -> None:
    """All runs as comma-separated values, a row a run; read and written part by part."""
    dataset = results.dataset
    schema = pa.schema([field.with_type(_plain(field.type)) for field in dataset.schema])
    with csv.CSVWriter(path, schema) as writer:
        for batch in dataset.to_batches():
            writer.write_batch(batch.cast(schema))


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def write_netcdf(results: Results, path: Path) -> None:
    """All runs as NetCDF 3 (64-bit offsets), in memory at once.

    Dimensions are `design` and `replication` where every design point has as many runs, else `run` alone. Words
    of fixed lists are numbers with their meanings beside them; of the swept values each design point has one.
    """
    runs = results.to_pandas()
    per_point = runs["design"].value_counts().reindex(range(len(results.design)), fill_value=0)
    rectangular = per_point.nunique() == 1
    shape = (len(results.design), int(per_point.iloc[0])) if rectangular else (len(runs),)
    dims = ("design", "replication") if rectangular else ("run",)
    if rectangular:
        runs = runs.sort_values("design", kind="stable")
    else:
        runs = runs.rename(columns={"design": "design_point"})
    swept = set(results.design.columns)
    variables = {
        str(name): _variable(str(name), column, dims, shape)
        for name, column in runs.items()
        if name not in swept and (name != "design" or not rectangular)
    }
    points = {name: ("design", _for_netcdf(column)) for name, column in results.design.items()}
    said = results.manifest["identity"]
    attributes = {
        "title": said["experiment"]["name"],
        "source": f"negotiation-sim {said['negotiation_sim']}",
        "comment": "Shares of worlds in a teaching model, not probabilities of events",
    }
    xr.Dataset(variables, coords=points, attrs=attributes).to_netcdf(
        path, engine="scipy", format="NETCDF3_64BIT"
    )


def _variable(name: str, column: pd.Series, dims: tuple[str, ...], shape: tuple[int, ...]) -> xr.Variable:
    if name in CODES:
        codes = pd.Categorical(column, categories=CODES[name]).codes.astype(np.int8)
        meanings = {
            "flag_values": np.arange(len(CODES[name]), dtype=np.int8),
            "flag_meanings": " ".join(CODES[name]),
        }
        return xr.Variable(dims, codes.reshape(shape), meanings)
    return xr.Variable(dims, np.asarray(_for_netcdf(column)).reshape(shape))


def _for_netcdf(column: pd.Series) -> np.ndarray:
    """NetCDF 3 knows no truth values, no 64-bit integers and no missing words."""
    if column.dtype == bool:
        return column.to_numpy(dtype=np.int8)
    if pd.api.types.is_integer_dtype(column):
        values = column.to_numpy(dtype=np.int64)
        fits = np.abs(values).max(initial=0) < 2**31
        return values.astype(np.int32) if fits else values.astype(np.float64)
    if pd.api.types.is_float_dtype(column):
        return column.to_numpy(dtype=np.float64)
    return column.fillna("").to_numpy(dtype=str)
