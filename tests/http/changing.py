"""The app over a catalogue in memory, which tests may change while it runs."""

from tests.services.memory_catalog import catalog
from tileserver.app import create_app
from tileserver.catalog import Catalog
from tileserver.settings import Settings


class App:
    """The app, and the catalogue that it made when it started."""

    def __init__(self, **settings: str) -> None:
        self.app = create_app(Settings(**settings), self._make)

    def _make(self, *args: object) -> Catalog:
        self.catalog = catalog()
        return self.catalog
