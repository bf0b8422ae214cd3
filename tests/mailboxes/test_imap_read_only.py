"""Nothing in the product can write to a mailbox: no call that could stands anywhere in this stage."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import bounce_watch.mailboxes

FOLDER = Path(bounce_watch.mailboxes.__file__).parent
IMAP = sorted(FOLDER.glob("imap*.py"))
WRITING = {
    "add_flags", "add_gmail_labels", "append", "close_folder", "copy", "create_folder", "delete_folder",
    "delete_messages", "expunge", "move", "multiappend", "remove_flags", "remove_gmail_labels", "rename_folder",
    "set_flags", "set_gmail_labels", "setacl", "set_quota", "store", "subscribe_folder", "uid", "uid_expunge",
    "unsubscribe_folder", "xatom",
}  # fmt: skip


def calls_in(path: Path) -> set[str]:
    """The name of every method that is called."""
    nodes = ast.walk(ast.parse(path.read_text()))
    calls = (node.func for node in nodes if isinstance(node, ast.Call))
    return {function.attr for function in calls if isinstance(function, ast.Attribute)}


def test_there_is_something_to_look_at() -> None:
    assert {"imap.py", "imap_connect.py", "imap_server.py"} <= {path.name for path in IMAP}
    assert {"fetch", "search", "select_folder"} <= set.union(*map(calls_in, IMAP))


@pytest.mark.parametrize("path", IMAP, ids=lambda path: path.name)
def test_no_writing_call(path: Path) -> None:
    assert calls_in(path) & WRITING == set()


def test_folders_are_always_opened_read_only() -> None:
    calls = [
        node
        for path in IMAP
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "select_folder"
    ]
    assert calls
    for call in calls:
        assert [(each.arg, ast.literal_eval(each.value)) for each in call.keywords] == [("readonly", True)]


def test_bodies_are_only_peeked_at() -> None:
    texts = [
        node.value
        for path in IMAP
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert any(text.startswith("BODY.PEEK[") for text in texts)
    assert not [
        text
        for text in texts
        if text.startswith(("BODY[", "RFC822.TEXT", "RFC822.HEADER")) or text == "RFC822"
    ]
