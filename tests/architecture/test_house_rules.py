"""Rules of the style guide that no tool checks."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
SOURCES = ("ocs", "agents", "clients", "examples", "benchmarks")
LONGEST_MODULE, LONGEST_FUNCTION = 400, 60
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}
MIRRORED = ("ocs/model", "ocs/wire", "ocs/store", "ocs/agent", "ocs/link", "ocs/site")
WITHOUT_TEST = {
    "ocs/agent/__main__.py",  # two lines, started by every system test
    "ocs/agent/host.py",  # a protocol
    "ocs/agent/program/launch.py",  # a process: tests/system
    "ocs/model/interface.py",  # plain values
    "ocs/link/simulation/instrument.py",  # a protocol
}


def modules(*folders: str) -> Iterator[Path]:
    for folder in folders:
        for path in sorted((CHECKOUT / folder).rglob("*.py")):
            if "templates" not in path.parts:
                yield path


def shown(path: Path) -> str:
    return path.relative_to(CHECKOUT).as_posix()


def test_no_module_is_longer_than_its_limit() -> None:
    long = {
        shown(path): lines
        for path in modules(*SOURCES, "tests")
        if (lines := len(path.read_text().splitlines())) > LONGEST_MODULE and path.parts[-2:-1] != ("golden",)
    }
    allowed = {name for name in long if name.startswith("tests/")}  # a table of cases may be long

    assert long.keys() <= allowed, long


def test_no_function_is_longer_than_a_screen() -> None:
    long = {
        f"{shown(path)}:{node.name}": length
        for path in modules(*SOURCES, "tests")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or 0) - node.lineno + 1) > LONGEST_FUNCTION
    }

    assert not long


def test_every_module_is_named_for_what_it_holds() -> None:
    vague = [shown(path) for path in modules(*SOURCES, "tests") if path.stem in FORBIDDEN_NAMES]

    assert not vague


def test_every_test_of_ocs_stands_where_its_module_does() -> None:
    stray = []
    for path in modules("tests/ocs"):
        if not path.stem.startswith("test_"):
            continue
        folder = CHECKOUT / path.relative_to(CHECKOUT / "tests").parent
        words = path.stem.removeprefix("test_").split("_")
        names = ["_".join(words[:count]) for count in range(1, len(words) + 1)]  # one module may have several tests
        found = any((folder / f"{name}.py").exists() or (folder / name).is_dir() for name in names)
        if not found and shown(path) not in OF_SEVERAL:
            stray.append(shown(path))

    assert not stray


OF_SEVERAL = {
    "tests/ocs/cli/test_archive_at_work.py",  # the commands against an archiver
    "tests/ocs/cli/test_served_site.py",  # the commands against a site
    "tests/ocs/testing/test_routers.py",  # memory and crossbar alike
    "tests/ocs/wire/test_golden.py",  # every message
}


def test_every_module_of_the_core_has_its_test() -> None:
    missing = [
        shown(path)
        for path in modules(*MIRRORED)
        if path.stem != "__init__"
        and shown(path) not in WITHOUT_TEST
        and not (CHECKOUT / "tests" / path.relative_to(CHECKOUT).parent / f"test_{path.stem}.py").exists()
    ]

    assert not missing


def test_this_run_has_no_plugin_of_wampy(pytestconfig: pytest.Config) -> None:
    assert not pytestconfig.pluginmanager.has_plugin("pytest_wampy")


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("ocs", ("twisted", "autobahn", "gevent", "wampy", "pydantic", "numpy")),
        ("ocs.client", ("twisted.internet.reactor", "autobahn", "gevent", "wampy", "serial", "pyarrow")),
        ("ocs.client.aio", ("twisted.internet.reactor", "autobahn", "gevent", "wampy")),
        ("ocs.testing.plugin", ("twisted", "autobahn", "gevent", "wampy", "numpy")),
        ("ocs.agent", ("twisted.internet.reactor", "gevent", "wampy", "pyarrow")),
        ("ocs.store", ("twisted", "autobahn", "pyarrow", "pandas")),
        ("ocs.agent.data.archiving", ("twisted.internet.reactor", "pyarrow")),
        ("ocs.model.parameters", ("twisted", "autobahn", "serial", "ruamel")),
        ("ocs.wire.describe", ("twisted", "autobahn", "serial", "ruamel")),
        ("agents.smc100.driver", ("twisted", "autobahn", "serial", "ruamel")),
        ("agents.lakeshore240.driver", ("twisted", "autobahn", "serial", "ruamel")),
        ("agents.scpi_psu.driver", ("twisted", "autobahn", "serial", "ruamel")),
    ],
)
def test_an_import_stays_light(module: str, heavy: tuple[str, ...]) -> None:
    code = f"import sys, {module}; print(*[name for name in {heavy!r} if name in sys.modules])"

    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == ""


def test_the_router_configuration_of_the_checkout_is_what_the_renderer_makes() -> None:
    from ocs.router.configuration import RouterConfiguration, render_text

    assert (CHECKOUT / "dot_crossbar" / "config.json").read_text() == render_text(RouterConfiguration())
