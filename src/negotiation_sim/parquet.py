"""Tables as Parquet files."""

import io

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq


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
