"""Rules of the house that neither ruff nor import-linter can see."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "bounce_watch"
MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))

TOP = {"README.md", "bounce_watch", "docs", "fixtures", "pyproject.toml", "tests"}
MADE = {"build", "dist", "pylock.toml", "site", "uv.lock"}
"""What tools write beside them; git ignores it."""

CLOCKS = {"date.today", "datetime.now", "datetime.today", "datetime.utcnow", "time.time", "time.time_ns"}
OWNERS = {
    "alembic": ("store/",),
    "apprise": ("alerts/delivery.py",),
    "dkim": ("authenticity/dkim.py",),
    "dns": ("resolver.py",),
    "imapclient": ("mailboxes/",),
    "jinja2": ("reports/html.py",),
    "keyring": ("sign_in/",),
    "lxml": ("text/",),
    "mailparser": ("mailboxes/",),
    "platformdirs": ("settings/", "cli/"),
    "psycopg": ("store/",),
    "prometheus_client": ("upkeep/",),
    "pydantic": ("settings/",),
    "rich": ("cli/", "reports/terminal.py"),
    "sqlalchemy": ("store/",),
    "sqlmodel": ("store/",),
    "typer": ("cli/",),
}
BROAD_EXCEPT = {
    "alerts/delivery.py",
    "cli/main.py",
    "examine.py",
    "mailboxes/parse.py",
    "sign_in/system_keyring.py",
}
"""Around one mail, around mail-parser, around a plug-in of the keyring or of apprise, and at the top of the command line."""

WRITES_TO_A_SERVER = {
    "add_flags",
    "add_gmail_labels",
    "create_folder",
    "delete_folder",
    "delete_messages",
    "expunge",
    "multiappend",
    "rename_folder",
    "remove_flags",
    "remove_gmail_labels",
    "set_flags",
    "set_gmail_labels",
    "subscribe_folder",
    "uid_expunge",
}

NOT_OUR_WORDS = re.compile("blacklist|blocklist|bounce|upsert|watermark", re.IGNORECASE)
PRODUCT = re.compile("bounce[-_ ]?watch", re.IGNORECASE)
DATA = {
    "demo/envelope.py": "bounces.",  # the host of Amazon's return path
    "records/ids.py": "blacklisted-",  # another program's prefix in front of an alias
    "sent_log/titles.py": "|bounce|",  # titles and words that other programs write into their logs
    "sent_log/words.py": "|bounced|bounce|hard bounce|soft bounce|",
}
"""Words of others that we must write as they do."""

# Put together here, so that this file does not hold what it looks for.
REGISTRY_HOST = re.compile(r"\b(?:pypi|pythonhosted|npmjs|debian)" + r"\.(?:org|com|net)\b")
MACHINE_PATH = re.compile(r"(?<![\w.:/>)}-])/(?:work|root|home|Users)/\w")


def test_nothing_else_stands_at_the_top() -> None:
    names = {entry.name for entry in ROOT.iterdir() if not entry.name.startswith(".")}
    assert names - MADE <= TOP


def test_only_the_command_line_reads_the_clock() -> None:
    others = _outside("cli/", "watch.py", "checker.py")
    assert not {module: clocks for module in others if (clocks := CLOCKS & _dotted_names(module))}


def test_only_the_command_line_prints_and_reads_the_environment() -> None:
    wrong = {"print", "os.environ", "os.getenv"}
    assert not {
        module: used for module in _outside("cli/", "checker.py") if (used := wrong & _dotted_names(module))
    }


@pytest.mark.parametrize(("library", "owners"), OWNERS.items())
def test_a_library_has_one_owner(library: str, owners: tuple[str, ...]) -> None:
    assert not [module for module in _outside(*owners) if library in _imports(module)]


def test_records_need_only_the_standard_library() -> None:
    plain = sys.stdlib_module_names | {"bounce_watch"}
    modules = [module for module in MODULES if module.startswith(("records/", "errors.py"))]
    assert modules
    assert not {module: used for module in modules if (used := _imports(module) - plain)}


def test_an_exception_is_swallowed_unseen_in_three_places_only() -> None:
    assert not {module: lines for module in _outside(*BROAD_EXCEPT) if (lines := _broad_excepts(module))}
    assert all(len(_broad_excepts(module)) <= 1 for module in MODULES)


def test_mailboxes_call_nothing_that_writes_to_a_server() -> None:
    modules = [module for module in MODULES if module.startswith("mailboxes/")]
    assert modules
    assert not {module: used for module in modules if (used := WRITES_TO_A_SERVER & _attributes(module))}


def test_glossary_words_only() -> None:
    wrong = {
        (module, text)
        for module in MODULES
        for text in _own_words(module)
        if NOT_OUR_WORDS.search(PRODUCT.sub("", text).replace(DATA.get(module, "\0"), ""))
    }
    assert not wrong


def test_no_file_names_a_registry_or_a_path_of_somebodys_machine() -> None:
    roots = [ROOT / name for name in (*TOP, ".ci", ".gitignore", ".pre-commit-config.yaml")]
    files = (file for root in roots for file in (root, *root.rglob("*")) if file.is_file())
    assert not [place for file in files if "__pycache__" not in file.parts for place in _places(file)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see https://pypi" + ".org/simple", True),
        ("cd /" + "work/main", True),
        ('"/' + 'root/x"', True),
        ("https://example.org/home/page", False),
        ("docs/work/notes and the pypi index", False),
    ],
)
def test_the_search_for_hosts_and_paths_finds_them(text: str, *, found: bool) -> None:
    assert bool(REGISTRY_HOST.search(text) or MACHINE_PATH.search(text)) is found


@cache
def _nodes(module: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse((PACKAGE / module).read_text(encoding="utf-8"))))


@cache
def _imports(module: str) -> set[str]:
    """The top-level packages that a module imports, wherever in it."""
    names: set[str] = set()
    for node in _nodes(module):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


@cache
def _dotted_names(module: str) -> set[str]:
    """`name` for each name, `name.attribute` for each attribute's last two parts, used in a module."""
    found: set[str] = set()
    for node in _nodes(module):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, (ast.Attribute, ast.Name)):
            owner = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
            found.add(f"{owner}.{node.attr}")
    return found


def _outside(*places: str) -> list[str]:
    return [module for module in MODULES if not module.startswith(places)]


def _attributes(module: str) -> set[str]:
    return {node.attr for node in _nodes(module) if isinstance(node, ast.Attribute)}


def _broad_excepts(module: str) -> list[int]:
    """The lines of `except Exception` and broader that do not end with a bare `raise`."""
    return [
        node.lineno
        for node in _nodes(module)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"})
        and ast.unparse(node.body[-1]) != "raise"
    ]


def _own_words(module: str) -> Iterator[str]:
    """The identifiers a module makes or uses, and every string in it, docstrings included."""
    for node in _nodes(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        for field in ("id", "attr", "arg", "name"):
            if isinstance(value := getattr(node, field, None), str):
                yield value
    yield module


def _places(file: Path) -> Iterator[str]:
    text = file.read_bytes().decode("latin-1")
    for number, line in enumerate(text.splitlines(), start=1):
        if REGISTRY_HOST.search(line) or MACHINE_PATH.search(line):
            yield f"{file.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
