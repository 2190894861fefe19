"""Named arrays survive the trip through bytes, bit for bit."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from bench.arrays import pack, unpack
from bench.errors import ContractError, DataError

TYPES = ("?", "u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8")
some_array = st.sampled_from(TYPES).flatmap(
    lambda kind: arrays_of.arrays(np.dtype(kind), arrays_of.array_shapes(min_dims=0, max_dims=3, min_side=0))
)
some_arrays = st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), some_array, max_size=4)


@given(some_arrays)
def test_every_bit_survives(given: dict[str, np.ndarray]) -> None:
    found = unpack(pack(given))
    assert list(found) == sorted(given)
    for name, array in given.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        assert found[name].tobytes() == array.tobytes()


def test_equal_arrays_give_equal_bytes() -> None:
    a, b = np.arange(12, dtype="f4").reshape(3, 4), np.arange(5, dtype="i8")
    layouts = [{"a": a, "b": b}, {"b": b, "a": a}, {"b": b.astype(">i8"), "a": np.asfortranarray(a)}]
    wide = np.zeros((3, 8), "f4")
    wide[:, ::2] = a
    layouts.append({"a": wide[:, ::2], "b": np.repeat(b, 2)[::2]})
    assert len({pack(each) for each in layouts}) == 1
    assert pack({"a": a, "b": b}) != pack({"a": a, "b": b + 1})
    assert pack({"a": a}) != pack({"a": a.reshape(4, 3)})


def test_nan_and_signed_zero_stay() -> None:
    before = np.array([np.nan, -0.0, np.inf], "f4")
    assert unpack(pack({"x": before}))["x"].tobytes() == before.tobytes()


@pytest.mark.parametrize("array", [np.array(["a"]), np.array([{}]), np.array([1j]), np.array([1], np.longdouble)])
def test_what_cannot_be_kept_is_named(array: np.ndarray) -> None:
    with pytest.raises(ContractError, match=r"array 'x' of shape \(1,\) has type .* Give booleans, integers"):
        pack({"x": array})


def test_a_name_that_could_not_be_read_back_is_refused() -> None:
    with pytest.raises(ContractError, match="cannot be called '__metadata__'"):
        pack({"__metadata__": np.ones(2)})


@pytest.mark.parametrize("content", [b"", b"not arrays at all", pack({"x": np.ones(9)})[:-1]])
def test_bytes_that_are_no_arrays_are_refused(content: bytes) -> None:
    with pytest.raises(DataError, match=f"{len(content)} bytes that should hold arrays"):
        unpack(content)


def test_torch_is_not_needed() -> None:
    code = "import sys, numpy; from bench.arrays import pack, unpack; unpack(pack({'x': numpy.ones(2)})); "
    subprocess.run([sys.executable, "-c", code + "assert 'torch' not in sys.modules"], check=True)
