"""The house rules that a machine can hold: import order, homes of libraries, sizes, names, documentation."""

import ast
import re
import subprocess
import sys
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest

import emgpipe
from emgpipe.batch.dictionary import COLUMNS, measure_entries
from emgpipe.cli.pages import PAGES
from emgpipe.errors.codes import CODES
from emgpipe.settings import RANGES, TABLES

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "emgpipe"

ROOMS = [
    *("errors", "kernels", "intervals", "muscles", "recording", "simulate", "readers", "filters", "frames"),
    *("detectors", "measures", "summary", "statistics", "settings", "store", "study", "outcomes", "pipeline"),
    *("batch", "reports", "tuning", "webapp", "cli"),
]
BANNED = {room: {"kernels"} for room in ("intervals", "muscles", "recording", "simulate")} | {
    room: {"recording", "readers", "simulate", "settings"} for room in ("filters", "frames", "detectors")
}
FROM_STUDY_ON = set(ROOMS[ROOMS.index("study") :])
HOMES = {
    "numpy": set(ROOMS),
    "numba": {"kernels"},
    "pyedflib": {"simulate"},
    "mne": {"readers"},
    "scipy": {"filters", "detectors", "statistics", "simulate"},
    "pydantic": {"settings", "study", "outcomes"},
    "pydantic_core": {"settings", "study", "outcomes"},
    "statsmodels": {"statistics"},
    "pandas": FROM_STUDY_ON,
    "pyarrow": FROM_STUDY_ON,
    "pyreadstat": {"outcomes"},
    "matplotlib": {"reports"},
    "PIL": {"reports"},
    "jinja2": {"reports"},
    "markupsafe": {"reports"},
    "starlette": {"webapp"},
    "uvicorn": {"webapp"},
    "dask": {"batch"},
    "distributed": {"batch"},
    "typer": {"cli"},
    "rich": {"cli"},
}
DOORS = ("emgpipe", "emgpipe.__main__")
"""Modules that belong to no room: the package itself and `python -m emgpipe`."""
NO_CODES = {
    "NUMBA_CACHE_DIR",
    "NUMBA_DISABLE_JIT",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "BAD_ACQ_SKIP",
    "XDG_CACHE_HOME",
    "EMGPIPE_USER",
}
"""Upper-case words that are names of the environment, or of MNE."""


@cache
def modules() -> dict[str, ast.Module]:
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def room_of(module: str) -> str:
    return module.split(".")[1]


def in_rooms() -> list[tuple[str, ast.Module]]:
    return [(name, tree) for name, tree in modules().items() if name not in DOORS]


def imports(tree: ast.Module) -> set[str]:
    """Full names of all imported modules, those inside functions too."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            if node.module == "emgpipe":
                names |= {f"emgpipe.{alias.name}" for alias in node.names}
    return names


def strings(tree: ast.Module) -> set[str]:
    """Text constants, docstrings and the lists of public names left out."""
    lists = [n for n in ast.walk(tree) if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "__all__"]
    idle = {id(n) for listed in lists for n in ast.walk(listed)}
    idle |= {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    texts = (n for n in ast.walk(tree) if isinstance(n, ast.Constant) and id(n) not in idle)
    return {n.value for n in texts if isinstance(n.value, str)}


def test_every_module_stands_in_a_known_room():
    strangers = [name for name, _ in in_rooms() if room_of(name) not in ROOMS]
    assert strangers == []


def test_a_room_imports_only_rooms_to_its_left():
    wrong = []
    for name, tree in in_rooms():
        here = room_of(name)
        for target in imports(tree):
            if not target.startswith("emgpipe."):
                continue
            there = target.split(".")[1]
            if there in ROOMS and (ROOMS.index(there) > ROOMS.index(here) or there in BANNED.get(here, ())):
                wrong.append(f"{name} imports {target}")
    assert wrong == []


def test_kernels_import_nothing_of_ours():
    of_ours = {n: sorted(t for t in imports(tree) if t.startswith("emgpipe") and not t.startswith("emgpipe.kernels"))
               for n, tree in in_rooms() if room_of(n) == "kernels"}  # fmt: skip
    assert [n for n, names in of_ours.items() if names] == []


def test_a_library_is_imported_only_at_its_home():
    wrong = []
    for name, tree in in_rooms():
        for target in imports(tree):
            library = target.split(".")[0]
            if library in sys.stdlib_module_names or library == "emgpipe":
                continue
            if room_of(name) not in HOMES.get(library, ()):
                wrong.append(f"{name} imports {library}")
    assert wrong == []


def test_functions_and_modules_stay_short():
    long_modules = [p.name for p in PACKAGE.rglob("*.py") if p.read_text(encoding="utf-8").count("\n") > 400]
    long_functions = []
    for name, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                if body and (body[-1].end_lineno or 0) - body[0].lineno + 1 > 60:
                    long_functions.append(f"{name}.{node.name}")
    assert (long_modules, long_functions) == ([], [])


def undocumented(path: Path) -> list[str]:
    """Classes and functions at any depth without a docstring, those whose names begin with `_` left out."""
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    named = (n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, kinds))
    return [f"{path.name}:{n.lineno} {n.name}" for n in named if not (n.name.startswith("_") or ast.get_docstring(n))]


@pytest.mark.parametrize("folder", ["emgpipe", "stress", "validation"])
def test_every_function_that_looks_public_says_what_it_does(folder):
    assert [line for path in sorted((ROOT / folder).rglob("*.py")) for line in undocumented(path)] == []


def test_every_room_says_what_it_is():
    silent = [name for name, tree in modules().items() if not ast.get_docstring(tree)]
    assert silent == []


def test_public_names_are_the_same_in_all_three_places():
    checked = {
        alias.asname or alias.name: node.module
        for block in modules()["emgpipe"].body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert checked == emgpipe._HOMES
    assert sorted([*emgpipe._HOMES, "__version__"]) == sorted(emgpipe.__all__)


def test_every_public_name_is_there_and_documented():
    for name in emgpipe.__all__:
        assert getattr(emgpipe, name).__doc__, name
    assert set(emgpipe.__all__) <= set(dir(emgpipe))


def test_an_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_name"):
        emgpipe.no_such_name  # noqa: B018


def test_importing_the_package_imports_no_library():
    code = "import sys, emgpipe; print(sorted({m.split('.')[0] for m in sys.modules} & {'numpy', 'pydantic', 'scipy'}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_setting_has_unit_meaning_and_source():
    for cls in TABLES.values():
        for f in fields(cls):
            assert set(f.metadata) == {"unit", "doc", "source"}, f.name
            assert all(f.metadata.values()), f.name
            assert f.metadata["doc"].endswith("."), f.name


def test_no_setting_name_stands_in_two_tables_and_every_range_belongs_to_a_setting():
    names = [f.name for cls in TABLES.values() for f in fields(cls)]
    assert len(names) == len(set(names))
    assert set(RANGES) <= set(names)


def test_every_code_that_is_used_is_in_the_table():
    unknown = []
    for name, tree in in_rooms():
        said = raised(tree)
        if name != "emgpipe.errors.codes" and room_of(name) != "muscles":
            words = {word for text in strings(tree) for word in text.split(";")}
            said |= {word for word in words if re.fullmatch(r"[A-Z]{2,}(_[A-Z0-9]{2,})+", word)} - NO_CODES
        unknown += [f"{name}: {code}" for code in sorted(said - set(CODES))]
    assert unknown == []


def raised(tree: ast.Module) -> set[str]:
    """Literal codes given to an error class or a `Finding`."""
    codes = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            first = node.args[0]
            ours = node.func.id.endswith("Error") or node.func.id == "Finding"
            if ours and isinstance(first, ast.Constant) and isinstance(first.value, str) and first.value.isupper():
                codes.add(first.value)
    return codes


def test_every_code_of_the_table_is_used():
    used: set[str] = set()
    for name, tree in in_rooms():
        if name != "emgpipe.errors.codes":
            used |= {word for text in strings(tree) for word in re.findall("[A-Z][A-Z0-9_]+", text)}
    assert sorted(set(CODES) - used) == []


def test_every_code_has_a_kind_and_a_sentence():
    for code, entry in CODES.items():
        assert re.fullmatch(r"[A-Z][A-Z0-9_]+", code)
        assert entry.kind in ("error", "finding", "reason"), code
        assert entry.meaning.endswith((".", "?")), code


@pytest.mark.parametrize("page", PAGES)
def test_the_page_is_what_the_package_writes(page):
    assert (ROOT / "docs" / page).read_text(encoding="utf-8") == PAGES[page](), "run `make docs`"


def test_every_measure_and_column_stands_on_its_page():
    named = {"measures.md": list(measure_entries()), "outputs.md": list(COLUMNS)}
    for page, names in named.items():
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        assert [name for name in names if f"`{name}`" not in text] == []


def test_links_between_pages_lead_somewhere():
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    dead = [
        f"{page.name}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#:]+)[^):]*\)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert dead == []


def test_the_lock_names_versions_and_no_place():
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    assert all(re.fullmatch(r"[a-z0-9._-]+==[0-9][^ @/]*( ; .+)?", line) for line in lines)
    assert not any("://" in line or "@" in line for line in lines)
