"""`inspect`: one JSON object for each mail, and nothing stored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Program
from tests.cli.mails import ALIAS, ORDER, ORDINARY, SETTINGS, notice, unknown, write

KEYS = [
    "path",
    "position",
    "message_id",
    "kind",
    "language",
    "wording",
    "evidence",
    "order_id",
    "alias",
    "marketplace",
    "blocked_on",
    "verdict",
    "reason",
]


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def deep(levels: int) -> bytes:
    """A mail of parts within parts within parts."""
    lines = ["From: Amazon.co.uk <auto-communication@amazon.co.uk>", "Subject: deep", "MIME-Version: 1.0"]
    for level in range(levels):
        lines += [f'Content-Type: multipart/mixed; boundary="b{level}"', "", f"--b{level}"]
    return "\n".join([*lines, "Content-Type: text/plain", "", "x", ""]).encode()


def test_an_opt_out(program: Program) -> None:
    write(program.home / "mail.eml", notice())
    config = program.configure(SETTINGS)
    (item,) = objects(program.works("inspect", "mail.eml", "--json", "--config", config).out)
    assert list(item) == KEYS
    assert item == {
        "path": "mail.eml",
        "position": 1,
        "message_id": f"<1.{ORDER}@eu-west-1.amazonses.com>",
        "kind": "opt_out",
        "language": "en",
        "wording": "opt_out.en.2017",
        "evidence": "wording",
        "order_id": ORDER,
        "alias": ALIAS,
        "marketplace": "amazon.co.uk",
        "blocked_on": None,
        "verdict": "genuine",
        "reason": "our receiver says dmarc=pass for amazon.co.uk",
    }


@pytest.mark.parametrize(
    ("dmarc", "verdict"), [("pass", "genuine"), ("fail", "forged"), (None, "unproven"), ("none", "unproven")]
)
def test_verdicts(dmarc: str | None, verdict: str, program: Program) -> None:
    write(program.home / "mail.eml", notice(dmarc=dmarc))
    config = program.configure(SETTINGS)
    (item,) = objects(program.works("inspect", "mail.eml", "--json", "--config", config).out)
    assert item["verdict"] == verdict


def test_every_mail_of_an_mbox(program: Program) -> None:
    write(program.home / "box", notice(), ORDINARY, unknown())
    items = objects(program.works("inspect", "box", "--json").out)
    assert [(item["position"], item["kind"]) for item in items] == [
        (1, "opt_out"),
        (2, "not_amazon"),
        (3, "unrecognised"),
    ]
    assert [list(item) for item in items] == [KEYS] * 3
    assert items[1]["verdict"] is None
    assert (items[1]["reason"], items[2]["reason"]) == ("not_amazon", "no_wording")
    assert items[0]["verdict"] == "unproven"  # without settings no receiver is ours


def test_folder_maildir_and_standard_input(program: Program) -> None:
    for name in (
        "folder/a.eml",
        "folder/b/c.EML",
        "maildir/new/1700000000.x",
        "maildir/cur/1700000001.x:2,S",
    ):
        path = program.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, notice())
    items = objects(program.works("inspect", "folder", "maildir", "-", "--json", stdin=notice()).out)
    assert [item["path"] for item in items] == [
        "folder/a.eml",
        "folder/b/c.EML",
        "maildir/new/1700000000.x",
        "maildir/cur/1700000001.x:2,S",
        "-",
    ]
    assert {item["order_id"] for item in items} == {ORDER}


def test_a_misdirected_one_is_not_ours(program: Program) -> None:
    write(program.home / "mail.eml", notice())
    config = program.configure(SETTINGS + 'addresses = ["somebody@else.example"]\n')
    (item,) = objects(program.works("inspect", "mail.eml", "--json", "--config", config).out)
    assert (item["kind"], item["reason"], item["verdict"]) == ("not_amazon", "misdirected", None)


def test_what_cannot_be_read_is_an_object(program: Program) -> None:
    write(program.home / "box", notice(), b"\x00\x01\x02", ORDINARY)
    done = program("inspect", "box", "--json")
    items = objects(done.out)
    assert len(items) == 3
    assert items[0]["order_id"] == ORDER
    errors = [item for item in items if "error" in item]
    assert done.code == (5 if errors else 0)
    assert all(list(item) == ["path", "position", "error"] for item in errors)


def test_an_empty_file_in_a_folder_does_not_stop_the_others(program: Program) -> None:
    folder = program.home / "folder"
    folder.mkdir()
    (folder / "a.eml").write_bytes(b"")
    write(folder / "b.eml", notice())
    (folder / "c.eml").symlink_to("nowhere")
    done = program("inspect", "folder", "--json")
    assert done.code == 5
    items = objects(done.out)
    assert {item["path"]: item.get("order_id") for item in items if "b.eml" in item["path"]} == {
        "folder/b.eml": ORDER
    }
    assert [list(item) for item in items if "error" in item]
    assert all(list(item) in (KEYS, ["path", "position", "error"]) for item in items)


def test_nested_without_end(program: Program) -> None:
    write(program.home / "deep.eml", deep(5_000))
    done = program("inspect", "deep.eml", "--json")
    assert done.code in {0, 5}
    assert len(objects(done.out)) == 1


def test_for_people(program: Program) -> None:
    write(program.home / "box", notice(), unknown())
    done = program.works("inspect", "box", "--config", program.configure(SETTINGS))
    lines = done.out.splitlines()
    assert lines[0] == f"box: opt_out · {ORDER} · {ALIAS} · amazon.co.uk · genuine"
    assert lines[1] == "    wording opt_out.en.2017"
    second = lines.index("box mail 2: unrecognised · genuine")
    # For an unknown text it says which phrase was missing, so that a seller can write a wording.
    assert any("opt_out.en.2017" in line for line in lines[second:])


def test_nothing_is_stored(program: Program) -> None:
    write(program.home / "mail.eml", notice())
    before = sorted(program.home.rglob("*"))
    program.works("inspect", "mail.eml")
    assert sorted(program.home.rglob("*")) == before


@pytest.mark.parametrize("name", ["mail \udcff.eml", "mail\x1b[31m.eml", "mail\n.eml", "mail\u202e.eml"])
def test_odd_file_names(name: str, program: Program) -> None:
    path: Path = program.home / name
    path.write_bytes(notice())
    (item,) = objects(program.works("inspect", name, "--json").out)
    # No strict reader of JSON takes half a surrogate pair, which is how Python holds an octet that is no UTF-8.
    assert item["path"] == name.replace("\udcff", r"\u{dcff}")
    shown = program.works("inspect", name).out
    assert all(line.isprintable() for line in shown.splitlines())
    config = program.configure(SETTINGS)
    program.works("import", name, "--config", config)
    program.works("import", name, "--config", config)
    assert program.works("suppressions", "export", "--config", config).out == f"{ALIAS}\n"
