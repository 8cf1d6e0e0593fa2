"""How a transaction reads whole tables: with all processors, and with memory for it."""

import psycopg

# Of two processors: the session itself and one that helps it, and another where one waits for the disk.
_SETTINGS = {
    "max_parallel_workers_per_gather": "2",
    "parallel_setup_cost": "0",
    "parallel_tuple_cost": "0",
    "min_parallel_table_scan_size": "0",
    "work_mem": "'128MB'",
    "synchronize_seqscans": "off",  # rows are read in the order in which they were written
    "enable_memoize": "off",  # it would copy the whole working line for each report
}


def read_in_parallel(connection: psycopg.Connection) -> None:
    """Let several processes read for the statements of this transaction. Call it where they read whole tables."""
    for setting, value in _SETTINGS.items():
        connection.execute(f"set local {setting} = {value}".encode())
