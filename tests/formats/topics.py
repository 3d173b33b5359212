"""All cases, in the order of the page."""

from tests.formats import (
    arrays,
    containers,
    curvilinear,
    earth,
    eopf,
    healpix,
    matrixsets,
    pyramids,
    shared,
    stac,
    tiff,
    time,
    values,
)

CASES = [
    *arrays.CASES, *time.CASES, *values.CASES, *earth.CASES, *curvilinear.CASES,
    *healpix.CASES, *matrixsets.CASES,
    *pyramids.CASES, *eopf.CASES, *containers.CASES, *tiff.CASES, *stac.CASES, *shared.CASES,
]  # fmt: skip
