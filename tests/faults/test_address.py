"""Row 8: what was looked at when a dataset was registered is what is read."""

from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from threading import Thread

from starlette.testclient import TestClient

from tests.faults.place import SEA, Place, told, until
from tileserver.app import create_app
from tileserver.settings import Settings


class Turning(SimpleHTTPRequestHandler):
    """Serves a folder at first; later it sends those who ask for chunks on to `target`."""

    target = ""

    def send_head(self) -> object:
        if self.target and "/sst/c/" in self.path:
            self.send_response(307)
            self.send_header("Location", f"{self.target}{self.path}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        return super().send_head()

    def log_message(self, *_: object) -> None:
        """Not on the terminal."""


def test_row_8_host_that_turns_is_not_followed(place: Place, tmp_path: Path) -> None:
    """A host that sends single objects on to another, such as the cloud's own service."""

    class Host(Turning):
        """Of this test alone."""

    handler = partial(Host, directory=str(place.bucket))
    catalog = tmp_path / "catalog.yaml"
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/sea.zarr"
        catalog.write_text(
            "storage: {web: {allow_private: true, timeout_s: 2}}\n"
            f"datasets: [{{id: sea, url: '{url}', storage: web}}]"
        )
        with TestClient(create_app(Settings(catalog=(str(catalog),)))) as client:
            until(lambda: client.get("/readyz").status_code == 200)
            assert told(client.get(SEA[0])) == (200, "")
            Host.target = place.proxy.url
            status, detail = told(client.get(SEA[2].replace("time=2024-01-01", "time=2024-01-02")))
        server.shutdown()
    assert (status, "which is not followed" in detail) == (502, True), detail
    assert place.proxy.requests == 0


def test_row_8_private_host_is_refused(place: Place, tmp_path: Path) -> None:
    """Without a storage that allows them: the dataset says so, and the host is not asked."""
    catalog = tmp_path / "catalog.yaml"
    catalog.write_text(f"datasets: [{{id: sea, url: '{place.proxy.url}/data/sea.zarr'}}]")
    with TestClient(create_app(Settings(catalog=(str(catalog),)))) as client:
        until(lambda: client.get("/readyz").status_code == 200)
        [listed] = client.get("/datasets").json()["datasets"]
    assert (listed["status"], "private addresses are refused" in listed["error"]) == ("error", True)
    assert place.proxy.requests == 0
