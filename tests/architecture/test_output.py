"""Nothing foreign reaches a terminal, a table, JSON, SQL or an interpreter past the one place that makes it harmless."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "bounce_watch"
MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))

INERT = "text/inert.py"
STORES_JSON = ("store/", "suppression/build.py", "suppression/sorting.py", "cli/demo.py")
"""Columns of the ledger, digests over a canonical form, what is laid aside while it is sorted, and texts of the demo's settings: nothing that is shown."""

RICH_SINKS = {"add_column", "add_row", "append", "log", "print", "rule"}
"""Methods of rich's that take text; only a `Text` made of inert words, or what `safe` gives, may go in."""

RICH_MAGIC = {"from_ansi", "from_markup", "render_markup", "render_str", "print_json"}
SQL = {"exec_driver_sql", "execute", "text"}
TAKE_NO_PARAMETERS = ("ANALYZE ", "PRAGMA ", "SET ", 'VACUUM "')
"""Statements that neither SQLite nor PostgreSQL takes a bound parameter in; they hold our own constants."""

DANGEROUS_IMPORTS = {"dill", "jsonpickle", "marshal", "pickle", "ruamel", "shelve", "yaml"}
DANGEROUS_CALLS = {"__import__", "eval", "exec", "compile"}

Finder = Callable[[ast.Module], Iterator[ast.AST]]


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse((PACKAGE / module).read_text("utf-8"))


@cache
def _nodes(tree: ast.Module) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree))


@cache
def _calls(tree: ast.Module) -> list[tuple[str, ast.Call]]:
    """Each call with what is called, as it is written."""
    return [(ast.unparse(node.func), node) for node in _nodes(tree) if isinstance(node, ast.Call)]


def _arguments(call: ast.Call) -> Iterator[ast.expr]:
    """The arguments, and the elements of a starred generator or list among them."""
    for argument in (*call.args, *(keyword.value for keyword in call.keywords)):
        inner = argument.value if isinstance(argument, ast.Starred) else argument
        if isinstance(inner, (ast.GeneratorExp, ast.ListComp)):
            yield inner.elt
        elif isinstance(inner, (ast.List, ast.Tuple)):
            yield from inner.elts
        else:
            yield inner


def _is_composed(node: ast.expr) -> bool:
    """True for an f-string with a value in it, and for text put together or converted in another way."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, (ast.Add, ast.Mod)) and any(map(_is_text, (node.left, node.right)))
    if isinstance(node, ast.Call):
        name = ast.unparse(node.func)
        return name in {"str", "repr", "format"} or name.endswith((".format", ".join"))
    return False


def _is_text(node: ast.expr) -> bool:
    return _is_composed(node) or isinstance(node, ast.JoinedStr) or _is_constant(node)


def _is_constant(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _imports(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    for node in _nodes(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((f"{node.module}.{alias.name}", node) for alias in node.names)


def prints(tree: ast.Module) -> Iterator[ast.AST]:
    """`print(` and `typer.echo(`, which write what they are given."""
    yield from (call for name, call in _calls(tree) if name in {"print", "pprint"} or name.endswith(".echo"))


def streams(tree: ast.Module) -> Iterator[ast.AST]:
    """Standard output and error, by whichever name."""
    names = {f"sys.{dunder}{name}{dunder}" for name in ("stdout", "stderr") for dunder in ("", "__")}
    last = {name.rpartition(".")[2] for name in (*names, "os.write")}
    for node in _nodes(tree):
        if (
            isinstance(node, ast.Attribute)
            and node.attr in last
            and ast.unparse(node) in {*names, "os.write"}
        ):
            yield node
    yield from (node for name, node in _imports(tree) if name in names)
    yield from (call for name, call in _calls(tree) if name.endswith("StreamHandler"))


def text_into_rich(tree: ast.Module) -> Iterator[ast.AST]:
    """Plain or composed text as an argument of rich's: only values of `Text` go in, made by one door."""
    if not any(name.startswith("rich") for name, _ in _imports(tree)):
        return
    for name, call in _calls(tree):
        sink = name.rpartition(".")[2]
        if sink in RICH_SINKS and "." in name and any(map(_is_text, _arguments(call))):
            yield call
        if sink == "Text" and any(not _is_constant(argument) for argument in call.args):
            yield call


def rich_magic(tree: ast.Module) -> Iterator[ast.AST]:
    """Whatever lets rich read a meaning out of text; a Console has all three kinds switched off."""
    for name, call in _calls(tree):
        keywords = {each.arg: each.value for each in call.keywords}
        off = {
            key
            for key in ("markup", "emoji", "highlight")
            if key in keywords and ast.unparse(keywords[key]) == "False"
        }
        on = {"markup", "emoji", "highlight"} & keywords.keys() - off
        if name.rpartition(".")[2] in RICH_MAGIC or on or (name.endswith("Console") and len(off) < 3):
            yield call
    yield from (node for name, node in _imports(tree) if name in {"rich.print", "rich.print_json"})


def json_writers(tree: ast.Module) -> Iterator[ast.AST]:
    """`json.dumps`, `json.dump`, an encoder, or one of them imported by name."""
    wanted = ("json.dumps", "json.dump", "json.JSONEncoder")
    yield from (call for name, call in _calls(tree) if name in wanted)
    yield from (node for name, node in _imports(tree) if name in wanted)


def table_writers(tree: ast.Module) -> Iterator[ast.AST]:
    """`csv.writer` and `csv.DictWriter`, or one of them imported by name."""
    wanted = ("csv.writer", "csv.DictWriter")
    yield from (call for name, call in _calls(tree) if name in wanted)
    yield from (node for name, node in _imports(tree) if name in wanted)


def composed_sql(tree: ast.Module) -> Iterator[ast.AST]:
    """SQL put together out of values; parameters are bound."""
    for name, call in _calls(tree):
        if name.rpartition(".")[2] in SQL and call.args and _is_composed(statement := call.args[0]):
            if ast.unparse(statement).lstrip("f'\"").startswith(TAKE_NO_PARAMETERS):
                continue
            yield call


def interpreters(tree: ast.Module) -> Iterator[ast.AST]:
    """Readers that run what they read, and shells."""
    yield from (node for name, node in _imports(tree) if name.partition(".")[0] in DANGEROUS_IMPORTS)
    for name, call in _calls(tree):
        shell = any(each.arg == "shell" and ast.unparse(each.value) != "False" for each in call.keywords)
        if name in {*DANGEROUS_CALLS, "os.system", "os.popen"} or shell:
            yield call


RULES: dict[Finder, tuple[str, ...]] = {
    prints: (),
    streams: ("cli/talk.py",),
    text_into_rich: (),
    rich_magic: (),
    json_writers: (INERT, *STORES_JSON),
    table_writers: (INERT, "demo/generate.py"),
    composed_sql: ("store/migrations/",),  # names of tables and columns, which can't be parameters either
    interpreters: (),
}
"""Each rule with the modules that it leaves alone."""


@pytest.mark.parametrize(("find", "owners"), RULES.items(), ids=lambda each: getattr(each, "__name__", ""))
def test_one_place_does_it(find: Finder, owners: tuple[str, ...]) -> None:
    found = {
        module: [f"{getattr(node, 'lineno', 0)}: {ast.unparse(node)}" for node in nodes]
        for module in MODULES
        if not module.startswith(owners or "\0")
        if (nodes := list(find(_tree(module))))
    }
    assert not found


@pytest.mark.parametrize(
    ("find", "code", "count"),
    [
        (prints, "print(x)\nself.print(x)", 1),
        (prints, "typer.echo(x)", 1),
        (streams, "sys.stderr.write(x)\nsys.__stdout__\nos.write(1, x)\nsys.stdin.buffer", 3),
        (streams, "from sys import stdout", 1),
        (streams, "logging.StreamHandler()", 1),
        (text_into_rich, "import rich\nconsole.print(f'{x}')\nconsole.print('x')\nconsole.print(text)", 2),
        (
            text_into_rich,
            "from rich.table import Table\ntable.add_row(str(x), 'a' + b, *(f'{c}' for c in d))",
            1,
        ),
        (text_into_rich, "from rich.text import Text\nText(subject)\nText()\nText('fixed')", 1),
        (text_into_rich, "found.append('x')", 0),
        (rich_magic, "Text.from_markup(x)\nText.from_ansi(x)\nf(markup=True)\nf(emoji=flag)", 4),
        (
            rich_magic,
            "Console(markup=False, emoji=False)\nConsole(markup=False, emoji=False, highlight=False)",
            1,
        ),
        (rich_magic, "from rich import print", 1),
        (json_writers, "json.dumps(x)\njson.loads(x)\nfrom json import dumps", 2),
        (table_writers, "csv.writer(x)\ncsv.reader(x)\nfrom csv import DictWriter", 2),
        (composed_sql, "text(f'SELECT {x}')\ntext('SELECT 1')\nop.execute('a' % b)\nc.execute('a' + b)", 3),
        (composed_sql, "c.execute('{}'.format(x))\nc.execute(select(x))\ntext(f'SELECT 1')", 1),
        (composed_sql, "c.execute('SELECT ?', (str(x),))", 0),
        (composed_sql, "c.execute(f'PRAGMA busy_timeout = {LIMIT}')", 0),
        (interpreters, "import yaml\nfrom pickle import loads\neval(x)\nre.compile(x)\nexec(x)", 4),
        (interpreters, "subprocess.run(x, shell=True)\nsubprocess.run(x, shell=False)\nos.system(x)", 2),
    ],
)
def test_the_rules_find_what_they_forbid(find: Finder, code: str, count: int) -> None:
    assert len(list(find(ast.parse(code)))) == count
