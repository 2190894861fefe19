"""What is kept of answers and truth is bounded, and the record says what was left out."""

from __future__ import annotations

import numpy as np

from bench.tasks.scoring import bounded


def test_the_largest_arrays_are_left_out_until_the_rest_fits_and_the_note_names_them() -> None:
    arrays = {
        "samples": np.zeros(900, np.uint8),
        "features": np.zeros(60, np.float32),
        "classes": np.zeros(10, np.int8),
    }
    assert bounded(arrays, most=2000) == (arrays, ())
    kept, (note,) = bounded(arrays, most=250)
    assert kept.keys() == {"features", "classes"}
    assert note == "not kept, since a run keeps at most 0 MB of answers: samples (0 MB)"
    kept, (note,) = bounded(arrays, "truth", most=100)
    assert kept.keys() == {"classes"}
    assert "of truth: samples (0 MB), features (0 MB)" in note
