"""What can be registered, proven store by store: the table of docs/formats.md.

A case is one shape of store. It writes a small one (or names files of ../shared/data), says how
the catalogue registers it, and what it holds by *other* software: rasterio, xarray, zarr, the
format's own reader for the values, pyproj for the places. The framework serves it by the whole
application and proves five columns: opens, tile, value, series, legend.

To add one: write a function and a line of CASES in the file of your topic (arrays, time, pyramids,
eopf, containers, tiff, stac, earth).

    def _packed(folder: Path) -> Given:
        path = write(folder / "a.zarr", data)            # any way to make a store
        place = Separable.of_centers("OGC:CRS84", lon, lat)   # or Separable(crs, edges), Affine…
        return Given(
            {"url": str(path)},                          # the catalogue's entry, without an id
            "sst",                                       # the variable as in URLs
            (Truth(place, by_xarray(path, "sst")),),     # finest level first
            asks=({"time": "2020-01-01"}, {"time": "2020-01-03", "depth": "10"}),
            times=("2020-01-01T00:00:00Z", …),           # of the series; none: no series column
            units="K", legend_range=(0, 40),             # what the metadata says, if anything
        )

    CASES = [Case("Arrays", "int16 with scale and offset", _packed)]

`Truth.read` takes the query of one ask (`{"time": …, "depth": …}`, or {} for the default) and
gives physical values (rows, cols) as float64, NaN where there are none. `Refused(entry, message)`
instead of `Given` is a store that cannot be served, whose whole message is checked. A place of
another kind (a swath, say) is any object with `find`, `spots`, `shape`, `wraps`: see truth.py.

    python -m pytest tests/formats -k packed         # the columns of a case
    python -m tests.formats                          # write docs/formats.md anew
"""
