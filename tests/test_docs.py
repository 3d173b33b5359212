"""The documentation names every route, parameter, setting and catalogue key, and no default but
the right one."""

from pathlib import Path

import pytest

from tileserver.app import ENDPOINTS
from tileserver.config import (
    CompositeConfig,
    DatasetConfig,
    ServiceConfig,
    StorageConfig,
    StyleConfig,
)
from tileserver.http.adapters import ADAPTERS
from tileserver.settings import Settings
from tileserver.viewerconfig import BasemapConfig, TerrainConfig, ViewerColors, ViewerConfig

CONFIGS = (
    DatasetConfig,
    StyleConfig,
    CompositeConfig,
    StorageConfig,
    ServiceConfig,
    ViewerConfig,
    ViewerColors,
    BasemapConfig,
    TerrainConfig,
)
DOCS = Path(__file__).parents[1] / "docs"
ADAPTED = [page for name in ADAPTERS if (page := DOCS / f"{name}.md").is_file()]
API = "".join(page.read_text(encoding="utf-8") for page in (DOCS / "api.md", *ADAPTED))
CONFIGURATION = (DOCS / "configuration.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted({endpoint.path for endpoint in ENDPOINTS}))
def test_route_is_described(path: str) -> None:
    """Every route stands in api.md, or in the page of its adapter, as it is declared."""
    assert f"`{path}`" in API


@pytest.mark.parametrize(
    "name",
    sorted({p.name for e in ENDPOINTS if e.tag != "wmts" for p in e.parameters}),
)
def test_parameter_is_described(name: str) -> None:
    """Every query parameter stands in one of them."""
    assert f"`{name}`" in API


@pytest.mark.parametrize("name", Settings.model_fields)
def test_setting_is_described_with_its_default(name: str) -> None:
    """Every setting has a row with its default."""
    default = Settings.model_fields[name].default
    text = ",".join(default) if isinstance(default, tuple) else str(default)
    shown = f" `{text}`" if text else ""
    assert f"| `TILESERVER_{name.upper()}` |{shown} |" in CONFIGURATION


@pytest.mark.parametrize(
    "key",
    sorted({key for model in CONFIGS for key in model.model_fields}),
)
def test_catalogue_key_is_described(key: str) -> None:
    """Every key of the catalogue stands in configuration.md."""
    assert f"`{key}`" in CONFIGURATION
