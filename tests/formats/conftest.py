"""Assertions of the columns tell what differs, as those of tests do."""

import pytest

pytest.register_assert_rewrite("tests.formats.columns", "tests.formats.run")
