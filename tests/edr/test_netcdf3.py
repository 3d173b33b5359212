"""Files of NetCDF's classic format are those that the library of Unidata reads."""

from __future__ import annotations

from pathlib import Path

import netCDF4
import numpy as np
import pytest

from tileserver.services.edr.netcdf3 import Variable, write


def read(folder: Path, body: bytes) -> netCDF4.Dataset:
    (folder / "file.nc").write_bytes(body)
    file = netCDF4.Dataset(folder / "file.nc")
    file.set_auto_mask(False)
    assert file.data_model == "NETCDF3_64BIT_OFFSET"
    return file


@pytest.mark.parametrize("kind", ["i4", "f4", "f8"])
@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 5), (2, 3, 1, 7)])
def test_variable(kind: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    """Of any number of dimensions and type, each where the header says."""
    rng = np.random.default_rng(len(shape))
    dims = {f"d{number}": size for number, size in enumerate(shape)}
    told = {
        name: Variable(tuple(dims), (rng.random(shape) * 1000).astype(kind), {"n": number})
        for number, name in enumerate(("a", "longer_name", "xyz"))
    }
    file = read(tmp_path, write(dims, told, {}))
    assert {name: len(each) for name, each in file.dimensions.items()} == dims
    for name, variable in told.items():
        assert file[name].dtype == np.dtype(kind)
        assert file[name].dimensions == tuple(dims)
        np.testing.assert_array_equal(file[name][...], variable.values)


def test_attributes(tmp_path: Path) -> None:
    """Texts of any language, whole numbers and others."""
    attrs = {"title": "Ø ü 温度", "empty": "", "count": 3, "part": 0.25, "abc": "abc"}
    variable = Variable((), np.zeros((), np.float32), {"units": "K", "n": np.float32(1)})
    file = read(tmp_path, write({}, {"v": variable}, attrs))
    assert {name: file.getncattr(name) for name in file.ncattrs()} == attrs
    assert file["v"].getncattr("n").dtype == np.float32
    assert file["v"].units == "K"


def test_nothing(tmp_path: Path) -> None:
    """A file of nothing is one."""
    assert not read(tmp_path, write({}, {}, {})).variables
