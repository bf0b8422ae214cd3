"""What goes wrong, as a user meets it: two sentences, the documented exit code, nothing lost."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bounce_watch.records.ids import Alias
from bounce_watch.store.ledger import open_ledger
from tests.cli.conftest import Program, sentences
from tests.cli.mails import ALIAS, ORDER, ORDINARY, OTHER_ORDER, SETTINGS, notice, unknown, write
from tests.cli.program import COMMAND, Result, environment, imap_settings, run, start
from tests.servers.dovecot import ELSEWHERE_HOST, EXPIRED_HOST, PASSWORD, Dovecot
from tests.servers.imap import ImapAccount
from tests.servers.ports import free_ports

NOWHERE = ImapAccount(host="127.0.0.1", port=1, user="seller", password="")


class TestMailbox:
    def account(self, dovecot: Dovecot) -> ImapAccount:
        account = dovecot.new_account()
        account.deliver([notice().replace(b"\n", b"\r\n")])
        return account

    def test_wrong_password(self, program: Program, dovecot: Dovecot) -> None:
        config = program.configure(imap_settings(self.account(dovecot)))
        what, advice = program.fails("poll", "--config", config, code=77, UK_PASSWORD="a-wrong-one")
        assert "refused" in what
        assert "a-wrong-one" not in what + advice

    def test_no_password(self, program: Program) -> None:
        config = program.configure(imap_settings(NOWHERE))
        what, _ = program.fails("poll", "--config", config, code=77, UK_PASSWORD="")
        assert "UK_PASSWORD" in what

    def test_unreachable_host(self, program: Program) -> None:
        (port,) = free_ports(1)
        config = program.configure(imap_settings(NOWHERE, port=str(port)))
        what, _ = program.fails("poll", "--config", config, code=69)
        assert f"127.0.0.1:{port}" in what

    def test_a_name_without_an_address(self, program: Program) -> None:
        config = program.configure(imap_settings(NOWHERE, host='"no-such-host.invalid"', security='"tls"'))
        program.fails("poll", "--config", config, code=69)

    def test_plain_text_to_another_machine_is_refused(self, program: Program) -> None:
        config = program.configure(imap_settings(NOWHERE, host='"imap.seller.example"'))
        program.fails("poll", "--config", config, code=78)

    @pytest.mark.parametrize(
        ("host", "authority"),
        [(EXPIRED_HOST, "ours"), (ELSEWHERE_HOST, "ours"), ("127.0.0.1", "other"), ("127.0.0.1", "system")],
    )
    def test_bad_certificate(self, host: str, authority: str, program: Program, dovecot: Dovecot) -> None:
        files = {"ours": dovecot.certificates.authority, "other": dovecot.certificates.other_authority}
        changes = {"host": f'"{host}"', "port": str(dovecot.tls_port), "security": '"tls"'}
        if authority in files:
            changes["ca_file"] = f'"{files[authority]}"'
        config = program.configure(imap_settings(self.account(dovecot), **changes))
        what, _ = program.fails("poll", "--config", config, code=69, UK_PASSWORD=PASSWORD)
        assert "certificate" in what.lower()

    def test_good_certificate(self, program: Program, dovecot: Dovecot) -> None:
        """The control of the four above."""
        config = program.configure(
            imap_settings(
                self.account(dovecot),
                host='"localhost"',
                port=str(dovecot.tls_port),
                security='"tls"',
                ca_file=f'"{dovecot.certificates.authority}"',
            )
        )
        done = program.works("poll", "--config", config, UK_PASSWORD=PASSWORD)
        assert done.said == ["uk: read 1 mail: 1 new, 0 known already, 0 not from Amazon."]

    def test_missing_folder(self, program: Program, dovecot: Dovecot) -> None:
        config = program.configure(imap_settings(self.account(dovecot), folders=("INBOX", "Amazoon")))
        what, _ = program.fails("poll", "--config", config, code=78, UK_PASSWORD=PASSWORD)
        assert "Amazoon" in what

    def test_one_account_of_two_fails(self, program: Program, dovecot: Dovecot) -> None:
        good = imap_settings(self.account(dovecot))
        bad = imap_settings(NOWHERE).replace("accounts.uk", "accounts.de").partition("[accounts.de]")
        done = program("poll", "--config", program.configure(good + bad[1] + bad[2]), UK_PASSWORD=PASSWORD)
        assert done.code == 5
        assert [line.partition(":")[0] for line in done.said[:2]] == ["uk", "de"]
        assert len(done.said) == 3

    def test_an_account_without_a_mailbox(self, program: Program) -> None:
        what, _ = program.fails("poll", "--config", program.configure(SETTINGS), code=78)
        assert "has no mailbox" in what


class TestSettings:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("[ledger\n", "TOML"),
            ("[ledgr]\nurl = 'sqlite:///x'\n", "did you mean ledger"),
            ("[accounts.uk]\nadresses = []\n", "did you mean addresses"),
            ("[accounts.uk.imap]\nhots = 'x'\n", "accounts.uk.imap"),
            ("[accounts.uk.imap]\nhost='x'\nuser='x'\npassword='secret-1234'\n", "not be the password"),
            ("[accounts.uk]\nrequire_proof = 'sometimes'\n", "accounts.uk.require_proof"),
            ("[report]\ntime_zone = 'Europe/Londno'\n", "Europe/Londno"),
            ("[report]\ntime_zone = ''\n", "report.time_zone"),
            ("[report]\ntime_zone = 3\n", "report.time_zone"),
            ("[ledger]\nurl = 'mysql://x/y'\n", "mysql"),
            ("[ledger]\nurl = 'sqlite://'\n", "ledger"),
            ("[ledger]\nurl = 3\n", "ledger.url"),
            ("accounts = 3\n", "accounts"),
            ("x = " + "[" * 5000 + "\n", "TOML"),
            ("\x00", "TOML"),
        ],
    )
    def test_broken(self, text: str, said: str, program: Program) -> None:
        what, advice = program.fails("report", "--config", program.configure(text), code=78)
        assert said in what
        assert "secret-1234" not in what + advice

    def test_not_utf_8(self, program: Program) -> None:
        path = program.home / "settings.toml"
        path.write_bytes(b"# gr\xfc\xdfe\n")
        program.fails("report", "--config", path, code=78)

    def test_too_large(self, program: Program) -> None:
        program.fails("report", "--config", program.configure("#" * 1_100_000), code=78)

    def test_missing(self, program: Program) -> None:
        what, _ = program.fails("report", "--config", "nowhere.toml", code=78)
        assert "nowhere.toml" in what

    def test_a_folder(self, program: Program) -> None:
        program.fails("report", "--config", program.home, code=78)

    @pytest.mark.parametrize(
        "command",
        [
            ("poll",),
            ("daily",),
            ("report",),
            ("import", "mail.eml"),
            ("inspect", "mail.eml"),
            ("suppressions", "export"),
            ("sent", "import", "log.csv"),
            ("scrub", "x.csv", "-o", "y.csv", "--dropped", "z.csv", "--alias-column", "Email"),
        ],
    )
    def test_unknown_account(self, command: tuple[str, ...], program: Program) -> None:
        config = program.configure(SETTINGS)
        what, _ = program.fails(*command, "--config", config, "--account", "ukk", code=2)
        assert "ukk" in what
        assert "uk" in what.replace("ukk", "")

    def test_several_accounts_and_none_named(self, program: Program) -> None:
        config = program.configure(SETTINGS + "\n[accounts.de]\n")
        what, _ = program.fails("suppressions", "export", "--config", config, code=2)
        assert "de, uk" in what

    def test_broken_wording_of_the_sellers_own(self, program: Program) -> None:
        (program.home / "wordings").mkdir()
        (program.home / "wordings" / "mine.toml").write_text("[[wording]]\nid = 3\n")
        write(program.home / "mail.eml", notice())
        program.fails("inspect", "mail.eml", "--config", program.configure(SETTINGS), code=78)


class TestUsage:
    def test_unknown_period(self, program: Program) -> None:
        program.fails("report", "--period", "year", code=2)

    @pytest.mark.parametrize("day", ["2026-13-01", "yesterday", "30.9.2026"])
    def test_bad_date(self, day: str, program: Program) -> None:
        done = program("report", "--date", day)
        assert done.code == 2
        assert "Traceback" not in done.err

    @pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "0001-01-03"])
    @pytest.mark.parametrize("period", ["day", "week", "month"])
    def test_a_date_at_the_end_of_time(self, day: str, period: str, program: Program) -> None:
        what, _ = program.fails("report", "--date", day, "--period", period, code=2)
        assert day in what

    def test_standard_input_twice(self, program: Program) -> None:
        program.fails("import", "-", "-", code=2)

    def test_half_a_span_of_days(self, program: Program) -> None:
        program.fails("sent", "import", "log.csv", "--from-day", "2026-09-01", code=2)

    def test_account_and_all_accounts(self, program: Program) -> None:
        program.fails("suppressions", "export", "--account", "uk", "--all-accounts", code=2)

    def test_scrub_without_a_file_for_what_is_taken_out(self, program: Program) -> None:
        program.fails("scrub", "a.csv", "-o", "b.csv", code=2)

    @pytest.mark.parametrize("arguments", [("polll",), ("report", "--no-such"), ("import",), ("sent",), ()])
    def test_words_that_do_not_fit(self, arguments: tuple[str, ...], program: Program) -> None:
        done = program(*arguments)
        assert done.code == 2
        assert "Traceback" not in done.err + done.out


class TestFiles:
    @pytest.mark.parametrize("command", [("import",), ("inspect",), ("sent", "import")])
    def test_missing(self, command: tuple[str, ...], program: Program) -> None:
        what, _ = program.fails(*command, "no such.file", code=65)
        assert "no such.file" in what

    @pytest.mark.parametrize("command", [("import",), ("inspect",), ("sent", "import")])
    def test_empty(self, command: tuple[str, ...], program: Program) -> None:
        (program.home / "empty").write_bytes(b"")
        program.fails(*command, "empty", code=65)

    @pytest.mark.parametrize("command", [("import",), ("inspect",)])
    def test_empty_standard_input(self, command: tuple[str, ...], program: Program) -> None:
        program.fails(*command, "-", code=65)

    @pytest.mark.parametrize("command", [("import",), ("inspect",)])
    def test_a_folder_without_mail(self, command: tuple[str, ...], program: Program) -> None:
        (program.home / "folder").mkdir()
        program.fails(*command, "folder", code=65)

    def test_a_folder_for_a_sent_log(self, program: Program) -> None:
        program.fails("sent", "import", program.home, code=65)

    @pytest.mark.parametrize("command", ["import", "inspect", "sent import"])
    def test_unreadable(self, command: str, program: Program) -> None:
        write(program.home / "mail.eml", notice()).chmod(0)
        done = as_ordinary_user(program.home, *command.split(), "mail.eml")
        assert done.code == 65
        what, _ = sentences(done)
        assert "mail.eml" in what

    def test_unreadable_settings(self, program: Program) -> None:
        program.configure(SETTINGS).chmod(0)
        done = as_ordinary_user(program.home, "report", "--config", "settings.toml")
        assert done.code == 78
        sentences(done)

    def test_one_missing_among_several_does_not_lose_the_others(self, program: Program) -> None:
        write(program.home / "mail.eml", notice())
        done = program("inspect", "nowhere.eml", "mail.eml", "--json")
        assert done.code == 5
        assert ORDER in done.out
        assert len(done.said) == 2

    def test_unknown_preset(self, program: Program) -> None:
        what, advice = program.fails("suppressions", "export", "--preset", "adresses", code=65)
        assert "adresses" in what
        assert "addresses" in what + advice

    def test_a_sent_log_of_nonsense(self, program: Program) -> None:
        (program.home / "log.csv").write_text("a,b\n1,2\n")
        program.fails("sent", "import", "log.csv", code=65)

    def test_scrub_of_a_missing_file(self, program: Program) -> None:
        program.fails(
            "scrub", "a.csv", "-o", "b.csv", "--dropped", "c.csv", "--alias-column", "Email", code=65
        )

    def test_scrub_onto_itself(self, program: Program) -> None:
        source = program.home / "a.csv"
        source.write_text(f"Email\n{ALIAS}\n")
        program.fails(
            "scrub", "a.csv", "-o", "a.csv", "--dropped", "c.csv", "--alias-column", "Email", code=2
        )
        assert source.read_text() == f"Email\n{ALIAS}\n"


class TestOutput:
    @pytest.fixture
    def listed(self, program: Program) -> Path:
        """A ledger with one entry, and its export."""
        config = program.configure(SETTINGS)
        write(program.home / "mail.eml", notice())
        program.works("import", "mail.eml", "--config", config)
        program.works("suppressions", "export", "-o", "list.txt", "--config", config)
        assert (program.home / "list.txt").read_text() == f"{ALIAS}\n"
        return config

    def test_folder_that_is_not_there(self, program: Program, listed: Path) -> None:
        program.fails("suppressions", "export", "-o", "no/list.txt", "--config", listed, code=74)

    def test_a_folder_in_the_place_of_the_file(self, program: Program, listed: Path) -> None:
        (program.home / "taken").mkdir()
        program.fails("suppressions", "export", "-o", "taken", "--config", listed, code=74)

    def test_shrinking_is_stopped(self, program: Program, listed: Path) -> None:
        with open_ledger(f"sqlite:///{program.home / 'ledger.sqlite'}") as ledger:
            path = str(program.home / "list.txt")
            last = ledger.last_export(preset="addresses", path=path)
            assert last is not None
            hashes = [
                ledger.hash_of(Alias(local, "amazon.co.uk")) for local in (ALIAS.split("@")[0], "somebody1")
            ]
            ledger.record_export(
                last, hashes, ledger.compare_export(preset="addresses", path=path, hashes=hashes)
            )
        before = (program.home / "list.txt").read_bytes()
        what, advice = program.fails("suppressions", "export", "-o", "list.txt", "--config", listed, code=4)
        assert "1 entry" in what
        assert "--allow-shrink" in advice
        assert (program.home / "list.txt").read_bytes() == before
        program.works("suppressions", "export", "-o", "list.txt", "--allow-shrink", "--config", listed)
        assert (program.home / "list.txt").read_text() == f"{ALIAS}\n"
        program.works("suppressions", "export", "-o", "list.txt", "--config", listed)

    def test_full_device(self, program: Program, listed: Path) -> None:
        for command in (("report",), ("suppressions", "export"), ("inspect", "mail.eml")):
            with Path("/dev/full").open("wb") as full:
                process = start(program.home, *command, "--config", listed, stdout=full)
                _, err = process.communicate(timeout=60)
            assert process.returncode == 74
            sentences(Result(74, "", err.decode()))

    def test_full_disk_leaves_the_old_file(self, program: Program, listed: Path) -> None:
        """RLIMIT_FSIZE stops every file at 8 KiB, as a full disk would; the old list stays, octet for octet."""
        many = [
            notice(f"203-{n:07}-0000001", alias=f"buyer{n:010}@marketplace.amazon.co.uk") for n in range(400)
        ]
        write(program.home / "many.mbox", *many)
        program.works("import", "many.mbox", "--config", listed)
        before = (program.home / "list.txt").read_bytes()
        done = limited(
            program.home, 8192, "suppressions", "export", "-o", "list.txt", "--config", str(listed)
        )
        assert done.code == 74
        sentences(done)
        assert (program.home / "list.txt").read_bytes() == before
        assert sorted(path.name for path in program.home.glob(".list*")) == []
        program.works("suppressions", "export", "-o", "list.txt", "--config", listed)
        assert len((program.home / "list.txt").read_text().splitlines()) == 401

    def test_full_disk_under_the_ledger(self, program: Program, listed: Path) -> None:
        many = [notice(f"203-{n:07}-0000001", alias=None) for n in range(400)]
        write(program.home / "many.mbox", *many)
        size = (program.home / "ledger.sqlite").stat().st_size
        done = limited(program.home, size + 4096, "import", "many.mbox", "--config", str(listed))
        assert done.code == 74
        sentences(done)
        # What was there is there, and with room it goes on.
        assert program.works("suppressions", "export", "--config", listed).out == f"{ALIAS}\n"
        program.works("import", "many.mbox", "--config", listed)
        orders = program.works("suppressions", "export", "--preset", "orders", "--config", listed).out
        assert len(orders.splitlines()) == 401

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
    def test_a_really_full_disk(self, program: Program, small_disk: Path) -> None:
        many = [notice(f"203-{n:07}-0000001", alias=None) for n in range(3000)]
        write(program.home / "many.mbox", *many)
        config = program.configure(SETTINGS.replace("ledger.sqlite", f"{small_disk}/ledger.sqlite"))
        done = program("import", "many.mbox", "--config", config)
        assert done.code == 74
        what, _ = sentences(done)
        assert "space" in what


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("this sandbox may not mount anything")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


class TestLedger:
    def ledger(self, program: Program) -> Path:
        program.configure(SETTINGS)
        write(program.home / "mail.eml", notice())
        program.works("import", "mail.eml", "--config", "settings.toml")
        return program.home / "ledger.sqlite"

    def test_newer_ledger(self, program: Program) -> None:
        path = self.ledger(program)
        with sqlite3.connect(path) as connection:
            connection.execute("UPDATE alembic_version SET version_num = 'r9999'")
        connection.close()
        before = path.read_bytes()
        program.fails("report", "--config", "settings.toml", code=74)
        assert path.read_bytes() == before

    def test_not_a_ledger(self, program: Program) -> None:
        program.configure(SETTINGS)
        path = program.home / "ledger.sqlite"
        path.write_bytes(b"these are my memoirs\n" * 100)
        program.fails("report", "--config", "settings.toml", code=74)
        assert path.read_bytes() == b"these are my memoirs\n" * 100

    def test_another_programs_database(self, program: Program) -> None:
        program.configure(SETTINGS)
        with sqlite3.connect(program.home / "ledger.sqlite") as connection:
            connection.execute("CREATE TABLE recipes (name TEXT)")
        connection.close()
        program.fails("report", "--config", "settings.toml", code=74)

    def test_a_folder_that_cannot_be_made(self, program: Program) -> None:
        (program.home / "file").write_text("")
        config = program.configure(SETTINGS.replace("ledger.sqlite", "file/ledger.sqlite"))
        program.fails("report", "--config", config, code=74)

    def test_a_folder_in_its_place(self, program: Program) -> None:
        (program.home / "ledger.sqlite").mkdir()
        program.fails("report", "--config", program.configure(SETTINGS), code=74)


def limited(home: Path, octets: int, *arguments: str) -> Result:
    """The program with no file larger than that."""
    return run(home, *arguments, octets=octets)


def as_ordinary_user(home: Path, *arguments: str) -> Result:
    """The program without the right to read every file, which root has."""
    program = shutil.which("setpriv")
    if os.geteuid() == 0 and program is None:
        pytest.skip("root may read everything")
    without = [str(program), "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*without, *COMMAND, *arguments], env=environment(home), cwd=home, capture_output=True, check=False
    )
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())


def test_odd_mails_do_not_stop_the_rest(program: Program) -> None:
    config = program.configure(SETTINGS)
    write(
        program.home / "box", ORDINARY, b"\x00\xff\n\n", unknown(), notice(OTHER_ORDER, alias=None), notice()
    )
    done = program("import", "box", "--config", config)
    assert done.code == 5
    assert done.said[0].startswith("uk: read 5 mails: ")
    assert done.said[1] == "1 of the mails could not be read at all."
    assert program.works("suppressions", "export", "--config", config).out == f"{ALIAS}\n"
