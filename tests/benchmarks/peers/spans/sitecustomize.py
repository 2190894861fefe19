"""Watch every process that the run server forks; harness.py puts this folder on the server's path."""

import os
import sys


def watch() -> None:
    # Only the run server forks with the worker imported.
    if "bench.runner.worker" in sys.modules and "bench.runner.execute" in sys.modules:
        from spans import in_the_run

        in_the_run()


if "PEER_SPANS" in os.environ:
    os.register_at_fork(after_in_child=watch)
