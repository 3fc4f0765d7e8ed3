"""Encoded training rows in as many files as instances train, so that each has its share of the keys."""

from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

BATCH_ROWS = 131_072


def spread(folder: Path, shards: int) -> None:
    """Each Parquet file below `folder` becomes `shards` files with equal parts of it, named after it.

    Keys are dealt out in the order of their names, so that the k-th part of each file goes to the k-th instance.
    """
    for path in sorted(folder.glob("*.parquet")):
        with ExitStack() as stack:
            file = stack.enter_context(pq.ParquetFile(path, pre_buffer=False))
            parts = [
                stack.enter_context(pq.ParquetWriter(folder / f"{path.stem}-{part:03}.parquet", file.schema_arrow))
                for part in range(shards)
            ]
            for batch in file.iter_batches(BATCH_ROWS):
                table = pa.Table.from_batches([batch])
                # Every k-th row: neighbours may be alike, and each shard should look like the whole.
                for part, writer in enumerate(parts):
                    writer.write_table(table.take(np.arange(part, len(table), shards)))
        path.unlink()
