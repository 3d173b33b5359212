"""Jobs of a dataset that has a copy along time."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from tests.jobs.conftest import areas, ask, post, result, serving
from tests.scale.cubes import noisy, write_cube

ASKED = "aggregate=mean,count"


def test_copy_is_read_by_threads_and_cluster_alike(tmp_path: Path, cluster: str) -> None:
    """The same bytes; the numbers are those of a request, and of the source without its copy."""
    values = {"t": noisy(150, 90, 180)}
    write_cube(tmp_path / "air.zarr", values, chunks=(1, 90, 180))
    write_cube(tmp_path / "plain.zarr", values, chunks=(1, 90, 180))
    command = [sys.executable, "-m", "tileserver", "optimize", "air.zarr", "--time-series"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "air.optimized" / "manifest.json").exists()
    names = ", ".join(f"{{id: {name}, url: {name}.zarr}}" for name in ("air", "plain"))
    (tmp_path / "catalog.yaml").write_text(f"datasets: [{names}]")
    body, found = areas(40, 300), []
    for number, scheduler in enumerate(("", cluster)):
        jobs = tmp_path / f"jobs{number}"
        with serving(tmp_path, jobs, TILESERVER_SCHEDULER=scheduler) as server:
            job = post(server.url, f"dataset=air&variable=t&{ASKED}", body)
            found.append(result(server.url, job["jobID"]))
            status, asked = ask(f"{server.url}/timeseries/plain/t?{ASKED}", body, "POST")
            assert status == 200
    assert found[0] == found[1]
    for own, other in zip(json.loads(found[0])["series"], asked["series"], strict=True):
        for name, numbers in other["values"].items():
            np.testing.assert_allclose(
                np.array(own["values"][name], float), np.array(numbers, float), rtol=1e-12
            )
