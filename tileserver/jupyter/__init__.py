"""Maps in notebooks: `show` draws a dataset in memory, a store or a file, `serve` serves it."""

from tileserver.jupyter.server import Server, serve
from tileserver.jupyter.shown import Shown, show

__all__ = ["Server", "Shown", "serve", "show"]
