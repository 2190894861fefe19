"""Expand a suite into runs, execute each in its own process, keep what finished."""
