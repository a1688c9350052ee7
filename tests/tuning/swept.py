"""What a sweep gives, made the slow way: every point decided and merged by `variant_tables`."""

import numpy as np
import pandas as pd

from emgpipe.batch.deciding import Task, Wanted, decided
from emgpipe.batch.variants import Variant, variant_tables
from emgpipe.measures.rows import NOTES
from emgpipe.tuning.model import STATUSES, Key, Values


def parts_of(out, kept, grid):
    """`Values` of each measured recording, by decisions of their own."""
    parts = []
    for name, unit in kept.units.items():
        wanted = tuple(Wanted(n, grid.changes(n)) for n in range(len(grid)))
        made = dict(decided(out, Task(name, unit["digest"], None, wanted)))
        parts.append(values_of(unit["job"]["entry"], [made[n]["rows"] for n in range(len(grid))]))
    return parts


def values_of(entry, points):
    """`Values` of one recording from its rows under each point."""
    ids = [entry[name] for name in ("recording", "subject", "visit", "task", "run")]
    names = ("segment", "target", "target_kind", "measure", "unit")
    keys = tuple(Key(*ids, *(row[name] for name in names)) for row in points[0])
    assert all([row["measure"] for row in rows] == [key.measure for key in keys] for rows in points)
    number = [[[np.nan if row[name] is None else row[name] for row in rows] for rows in points]
              for name in ("value", "limit")]  # fmt: skip
    status = [[STATUSES.index(row["status"]) for row in rows] for rows in points]
    doubted = [[row["status"] == "below_limit" and bool(set(filter(None, row["reason"].split(";"))) - NOTES)
                for row in rows] for rows in points]  # fmt: skip
    return Values(keys, np.array(number[0]), np.array(status, np.uint8), np.array(number[1]), np.array(doubted))


def tables_of(out, grid):
    """`measures.csv` under each point."""
    variants = [Variant(str(n), "", grid.changes(n)) for n in range(len(grid))]
    return list(variant_tables(out, variants, jobs=1).values())


def told(table: pd.DataFrame):
    """Keys of the rows that have a measure, and their value, limit and status."""
    own = table[table["measure"].notna()]
    texts = own[list(Key._fields)].astype(object).fillna("")
    keys = [Key(*cells) for cells in texts.itertuples(index=False)]
    status = np.array([STATUSES.index(one) for one in own["status"]], np.uint8)
    return keys, own["value"].to_numpy(float), own["limit"].to_numpy(float), status
