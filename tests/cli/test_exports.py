"""Exports as a person runs them: deltas, what would change, how old the list is, and the command that follows."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.conftest import Program, sentences
from tests.cli.mails import ALIAS, SETTINGS, notice, write

SECOND = "zyxwvutsrqpon02@marketplace.amazon.co.uk"
SECOND_ORDER = "203-9999999-9999999"


@pytest.fixture
def filed(program: Program) -> Program:
    program.configure(SETTINGS)
    write(program.home / "box", notice())
    program.works("import", "box", "--config", "settings.toml")
    return program


def export(program: Program, *arguments: str) -> list[str]:
    """What is said on the way."""
    return program.works(
        "suppressions", "export", "-o", "list.csv", "--config", "settings.toml", *arguments
    ).said


def one_more(program: Program) -> None:
    write(program.home / "more", notice(SECOND_ORDER, alias=SECOND, number=2))
    program.works("import", "more", "--config", "settings.toml")


def test_a_delta_says_what_is_in_which_file(filed: Program) -> None:
    first = export(filed, "--delta", "--preset", "klaviyo")
    assert first == [
        "uk: 1 new entry written to list.csv.",
        "This is the first export of this preset to this file.",
        "What went is in list.csv.removed.txt.",
    ]
    one_more(filed)
    second = export(filed, "--delta", "--preset", "klaviyo")
    assert second[0] == "uk: 1 new entry written to list.csv."
    assert second[1].endswith(": 1 name came, 0 names went.")
    assert (filed.home / "list.csv").read_text().split() == ["Email", SECOND]
    assert (filed.home / "list.csv.removed.txt").read_text() == ""


def test_one_file_is_one_series_however_it_is_named(filed: Program) -> None:
    export(filed)
    (filed.home / "other").mkdir()
    (filed.home / "link").symlink_to(filed.home)
    for path in ("other/../list.csv", "link/list.csv"):
        done = filed.works("suppressions", "export", "-o", path, "--config", "settings.toml")
        assert done.said[1].endswith(": 0 names came, 0 names went.")
    assert len(listed(filed)) == 3


def test_check_names_what_would_change_and_writes_nothing(filed: Program) -> None:
    export(filed)
    one_more(filed)
    arguments = ("suppressions", "export", "-o", "list.csv", "--check", "--config", "settings.toml")
    done = filed.works(*arguments)
    assert done.out == f"+ {SECOND}\n"
    assert done.said[0] == "uk: nothing was written; the list for list.csv has 2 entries."
    assert (filed.home / "list.csv").read_text() == f"{ALIAS}\n"
    assert len(listed(filed)) == 1


def test_exports_are_listed(filed: Program) -> None:
    export(filed)
    one_more(filed)
    export(filed)
    table = filed.works("suppressions", "exports", "--config", "settings.toml").out.splitlines()
    assert table[0].startswith("Exports of uk")
    assert table[1].split() == ["when", "preset", "form", "file", "keys", "came", "went"]
    assert table[2].split()[-3:] == ["2", "1", "0"]
    newest, oldest = listed(filed)
    assert (newest["keys"], newest["came"], newest["went"], newest["form"]) == (2, 1, 0, "full")
    assert newest["path"] == str(filed.home / "list.csv")
    assert (oldest["keys"], oldest["came"]) == (1, 0)
    assert oldest["revision"] != newest["revision"]
    few = filed.works("suppressions", "exports", "--limit", "1", "--json", "--config", "settings.toml")
    assert len(few.out.splitlines()) == 1


def listed(program: Program) -> list[dict[str, object]]:
    done = program.works("suppressions", "exports", "--json", "--config", "settings.toml")
    return [json.loads(line) for line in done.out.splitlines()]


def test_no_exports_yet(filed: Program) -> None:
    assert "None yet." in filed.works("suppressions", "exports", "--config", "settings.toml").out


@pytest.mark.parametrize("option", ["--delta", "--check"])
def test_only_a_file_can_be_compared(filed: Program, option: str) -> None:
    what, advice = filed.fails("suppressions", "export", option, "--config", "settings.toml", code=2)
    assert "compare with the last export" in what
    assert "--output" in advice


def test_a_list_that_is_too_old_is_written_and_said(filed: Program) -> None:
    """The account of these settings has a mailbox, which was never polled."""
    server = '[accounts.uk.imap]\nhost = "127.0.0.1"\nuser = "uk"\npassword = { env = "UK_PASSWORD" }\n'
    config = filed.configure(f"{SETTINGS}\n{server}", "imap.toml")
    done = filed("suppressions", "export", "-o", "list.csv", "--config", config)
    assert done.code == 3
    assert done.said[-1] == (
        "uk: the mailbox was never read to its end, so opt-outs may be missing. Read it: bounce-watch poll"
    )
    assert (filed.home / "list.csv").read_text() == f"{ALIAS}\n"


def test_expiry_by_option(filed: Program) -> None:
    """The notice is of 30 September 2026; nobody reads this on the same day."""
    export(filed, "--expire-after", "100000")
    assert (filed.home / "list.csv").read_text() == f"{ALIAS}\n"
    export(filed, "--expire-after", "1")
    assert (filed.home / "list.csv").read_text() == ""


class TestAfterExport:
    @pytest.fixture
    def script(self, filed: Program) -> Path:
        """Writes its last words and what the environment says to a file."""
        path = filed.home / "bring"
        path.write_text(
            '#!/bin/sh\nprintf "%s|" "$@" "$BOUNCE_WATCH_FORM" "$BOUNCE_WATCH_REMOVED" >> brought\n'
        )
        path.chmod(0o700)
        return path

    def settings(self, program: Program, command: str) -> None:
        program.configure(f'{SETTINGS}\n[export]\nafter_export = "{command}"\n')

    def test_it_gets_the_file_the_preset_and_the_revision(self, filed: Program, script: Path) -> None:
        self.settings(filed, f"{script} --quiet 'two words'")
        export(filed, "--preset", "orders")
        revision = listed(filed)[0]["revision"]
        words = (filed.home / "brought").read_text().split("|")[:-1]
        assert words == [
            "--quiet",
            "two words",
            str(filed.home / "list.csv"),
            "orders",
            revision,
            "full",
            "",
        ]

    def test_it_is_told_where_what_went_is(self, filed: Program, script: Path) -> None:
        self.settings(filed, str(script))
        export(filed, "--delta")
        said = (filed.home / "brought").read_text()
        assert said.count("|delta|") == 1
        assert said.endswith(f"|{filed.home}/list.csv.removed.txt|")

    def test_it_does_not_run_when_nothing_is_written(self, filed: Program, script: Path) -> None:
        self.settings(filed, str(script))
        export(filed, "--check")
        filed.works("suppressions", "export", "--config", "settings.toml")
        assert not (filed.home / "brought").exists()

    @pytest.mark.parametrize(
        ("command", "why"),
        [
            ("/bin/false", "it ended with 1"),
            ("no-such-program-here", "No such file or directory"),
        ],
    )
    def test_a_failure_is_said_and_the_file_stays(self, filed: Program, command: str, why: str) -> None:
        self.settings(filed, command)
        done = filed("suppressions", "export", "-o", "list.csv", "--config", "settings.toml")
        assert done.code == 74
        assert why in done.said[-2]
        assert "Run that command by hand" in done.said[-1]
        assert (filed.home / "list.csv").read_text() == f"{ALIAS}\n"

    def test_it_is_not_told_our_passwords(self, filed: Program, script: Path) -> None:
        script.write_text('#!/bin/sh\nprintf "%s" "$UK_PASSWORD-$OTHER" > brought\n')
        server = '[accounts.uk.imap]\nhost = "127.0.0.1"\nuser = "uk"\npassword = { env = "UK_PASSWORD" }\n'
        config = filed.configure(f'{SETTINGS}\n{server}\n[export]\nafter_export = "{script}"\n')
        filed("suppressions", "export", "-o", "list.csv", "--config", config, UK_PASSWORD="secret", OTHER="x")
        assert (filed.home / "brought").read_text() == "-x"

    def test_an_empty_command_is_refused(self, filed: Program) -> None:
        self.settings(filed, " ")
        done = filed("suppressions", "export", "--config", "settings.toml")
        assert done.code == 78
        assert "there is no command in it" in sentences(done)[0]


def test_a_private_file_whatever_the_umask(filed: Program) -> None:
    before = os.umask(0)
    try:
        export(filed)
    finally:
        os.umask(before)
    assert (filed.home / "list.csv").stat().st_mode & 0o777 == 0o600


def test_a_ledger_that_never_read_a_mail_is_no_empty_list(program: Program) -> None:
    config = program.configure(SETTINGS)
    for words in (
        ("suppressions", "export"),
        ("suppressions", "export", "-o", "list.csv"),
        ("suppressions", "list"),
    ):
        what, advice = program.fails(*words, "--config", config, code=74)
        assert "There is no ledger" in what
        assert "poll or import" in advice
    (program.home / "sent.csv").write_text(
        f"order-id,email,sent-at\n203-1111111-1111111,{ALIAS},2026-09-30T07:30:00Z\n"
    )
    program.works("sent", "import", "sent.csv", "--config", config)
    done = program("suppressions", "export", "-o", "list.csv", "--config", config)
    assert done.code == 3
    assert done.said[-2] == "uk: no mail was ever read, so nobody can be on its list by a notice."
