"""One settings file: everything it can say, and one clear sentence for everything it can't."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from bounce_watch.errors import SettingsError, UsageError
from bounce_watch.mailboxes.specs import Auth, Security
from bounce_watch.records.account import RequireProof
from bounce_watch.records.alert import AlertKind
from bounce_watch.settings import AlertSettings, Settings, load_settings
from bounce_watch.settings import load as module
from bounce_watch.sign_in.secret import SecretSource

WHOLE = """
[ledger]
url = "sqlite:///ledgers/mine.sqlite"

[report]
time_zone = "Europe/London"

[amazon]
marketplaces = ["Amazon.co.za"]

[alerts]
to = [{ env = "ALERT_URL" }, { command = "cat mail" }, { keyring = "our-alerts" }]
kinds = ["leak", "silence"]
rate_above = 0.05
cool_down_hours = 12

[accounts.uk]
marketplaces = ["Amazon.co.uk"]
addresses = ["Support@Seller.example"]
require_proof = "always"
authserv_ids = ["MX.Seller.example", "mx*.mail.example", "Microsoft"]
trusted_forwarders = ["Owner@Seller.example"]
own_dkim = true

[accounts.uk.exports]
addresses = "out/list.txt"

[accounts.uk.imap]
host = "imap.seller.example"
port = 1143
security = "starttls"
auth = "oauthbearer"
ca_file = "ca.pem"
user = "support@seller.example"
password = { file = "secrets/uk" }
folders = ["INBOX", "Amazon"]
junk = false
all_mail = true
since = 2026-01-31
sent_folder = "Gesendet"
"""

MINIMAL = """
[accounts.uk.imap]
host = "imap.seller.example"
user = "support@seller.example"
password = { env = "UK_PASSWORD" }
"""


def load(folder: Path, text: str | bytes) -> Settings:
    path = folder / "settings.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_settings(path, {})


def refusal(folder: Path, text: str | bytes) -> str:
    with pytest.raises(SettingsError) as caught:
        load(folder, text)
    assert caught.value.exit_code == 78
    assert caught.value.advice
    return caught.value.message


def test_a_file_that_says_everything(tmp_path: Path) -> None:
    found = load(tmp_path, WHOLE)
    assert found.ledger_url == f"sqlite:///{tmp_path / 'ledgers' / 'mine.sqlite'}"
    assert found.time_zone.key == "Europe/London"
    assert found.marketplaces == ("amazon.co.za",)
    assert found.wordings_folder == tmp_path / "wordings"
    assert found.alerts == AlertSettings(
        targets=(
            SecretSource(env="ALERT_URL"),
            SecretSource(command="cat mail"),
            SecretSource(keyring="our-alerts", user="alerts"),
        ),
        kinds=frozenset({AlertKind.LEAK, AlertKind.SILENCE}),
        rate_above=0.05,
        cool_down=timedelta(hours=12),
    )
    uk = found.account(None)
    assert uk is found.account("uk")
    assert (uk.account.name, uk.account.marketplaces) == ("uk", ("amazon.co.uk",))
    assert uk.account.addresses == ("support@seller.example",)
    assert uk.account.trust.require_proof is RequireProof.ALWAYS
    assert uk.account.trust.authserv_ids == ("mx.seller.example", "mx*.mail.example", "microsoft")
    assert uk.account.trust.trusted_forwarders == ("owner@seller.example",)
    assert uk.account.trust.own_dkim
    assert uk.exports == {"addresses": tmp_path / "out" / "list.txt"}
    assert uk.secret == SecretSource(file=tmp_path / "secrets" / "uk")
    assert uk.imap is not None
    assert (uk.imap.host, uk.imap.port, uk.imap.user) == (
        "imap.seller.example",
        1143,
        "support@seller.example",
    )
    assert (uk.imap.security, uk.imap.auth) == (Security.STARTTLS, Auth.OAUTHBEARER)
    assert (uk.imap.ca_file, uk.imap.folders) == (tmp_path / "ca.pem", ("INBOX", "Amazon"))
    assert (uk.imap.junk, uk.imap.all_mail, uk.imap.since) == (False, True, date(2026, 1, 31))
    assert uk.imap.sent_folder == "Gesendet"


def test_what_is_not_said_is_safe(tmp_path: Path) -> None:
    found = load(tmp_path, MINIMAL)
    uk = found.account("uk")
    assert uk.imap is not None
    assert (uk.imap.security, uk.imap.auth, uk.imap.port) == (Security.TLS, Auth.PASSWORD, None)
    assert (uk.imap.folders, uk.imap.junk, uk.imap.all_mail) == (("INBOX",), True, False)
    assert (uk.imap.ca_file, uk.imap.since, uk.imap.sent_folder) == (None, None, "auto")
    assert uk.account.trust.require_proof is RequireProof.AUTO
    assert uk.account.trust.authserv_ids == ()
    assert not uk.account.trust.own_dkim
    assert (found.time_zone.key, found.marketplaces, uk.exports) == ("UTC", (), {})
    assert uk.secret == SecretSource(env="UK_PASSWORD")
    assert found.alerts == AlertSettings(
        targets=(), kinds=frozenset(AlertKind), rate_above=None, cool_down=timedelta(days=1)
    )


def test_an_empty_file_is_an_account_of_defaults(tmp_path: Path) -> None:
    uk = load(tmp_path, "").account(None)
    assert (uk.account.name, uk.imap, uk.secret) == ("default", None, None)


def test_paths_are_relative_to_the_file_and_know_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    text = WHOLE.replace("secrets/uk", "~/uk").replace("ca.pem", "/etc/ca.pem").replace("out/", "~/")
    found = load(tmp_path, text.replace("ledgers/mine", "~/mine"))
    uk = found.account("uk")
    assert uk.secret == SecretSource(file=tmp_path / "home" / "uk")
    assert uk.imap is not None
    assert uk.imap.ca_file == Path("/etc/ca.pem")
    assert uk.exports["addresses"] == tmp_path / "home" / "list.txt"
    assert found.ledger_url == f"sqlite:///{tmp_path / 'home' / 'mine.sqlite'}"


@pytest.mark.parametrize("url", ["sqlite:////srv/mine.sqlite", "postgresql://ledger.seller.example/mine"])
def test_other_ledgers_stay_as_they_are_written(tmp_path: Path, url: str) -> None:
    assert load(tmp_path, f'[ledger]\nurl = "{url}"').ledger_url == url


def test_several_accounts(tmp_path: Path) -> None:
    found = load(tmp_path, WHOLE + MINIMAL.replace(".uk.", ".de."))
    assert found.account("de").account.name == "de"
    with pytest.raises(UsageError, match="several accounts: de, uk"):
        found.account(None)
    with pytest.raises(UsageError, match="no account 'fr'; the settings have: de, uk"):
        found.account("fr")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[report]", "[reports]", "the key reports is unknown (did you mean report?)"),
        ("time_zone", "timezone", "the key report.timezone is unknown (did you mean time_zone?)"),
        ("trusted_forwarders", "trusted_forwarder", "(did you mean trusted_forwarders?)"),
        ("all_mail", "allmail", "the key accounts.uk.imap.allmail is unknown (did you mean all_mail?)"),
        ("file =", "flie =", "the key accounts.uk.imap.password.flie is unknown (did you mean file?)"),
        ("junk = false", "zzzzz = false", "the key accounts.uk.imap.zzzzz is unknown."),
        ("Europe/London", "Europe/Lundon", "there is no time zone 'Europe/Lundon'"),
        ('"Europe/London"', '"../../etc/passwd"', "there is no time zone"),
        ('"Europe/London"', "5", "report.time_zone: "),
        ("Amazon.co.za", "evil.example", "'evil.example' is no marketplace"),
        ("Amazon.co.za", "amazon.com.evil.example", "is no marketplace"),
        ('"always"', '"sometimes"', "accounts.uk.require_proof: "),
        ("mx*.mail.example", "*", "'*' would believe strangers"),
        ("mx*.mail.example", "*.com", "'*.com' would believe strangers"),
        ("mx*.mail.example", "mx.*.com", "would believe strangers"),
        ('["INBOX", "Amazon"]', '"INBOX"', "accounts.uk.imap.folders: "),
        ('["INBOX", "Amazon"]', "[]", "accounts.uk.imap.folders: "),
        ('"Gesendet"', '""', "accounts.uk.imap.sent_folder: "),
        ("port = 1143", "port = 0", "accounts.uk.imap.port: "),
        ("port = 1143", "port = 65536", "accounts.uk.imap.port: "),
        ('"starttls"', '"ssl"', "accounts.uk.imap.security: "),
        ('"oauthbearer"', '"plain"', "accounts.uk.imap.auth: "),
        ("since = 2026-01-31", "since = 2026-01-31T10:00:00", "accounts.uk.imap.since: "),
        ('host = "imap.seller.example"\n', "", "accounts.uk.imap.host: "),
        ('{ file = "secrets/uk" }', "{ }", "name exactly one of env, command, file"),
        ('file = "secrets/uk"', 'file = "x", env = "Y"', "name exactly one of env, command, file"),
        ('file = "secrets/uk"', 'command = "x", env = "Y"', "name exactly one of env, command, file"),
        ("rate_above = 0.05", "rate_above = 5", "alerts.rate_above: input should be less than 1"),
        ("rate_above = 0.05", "rate_above = 0", "alerts.rate_above: "),
        ("rate_above = 0.05", "rate_above = nan", "alerts.rate_above: "),
        ("[report]", "[export]\nmax_age_hours = 4611686018427387904\n[report]", "export.max_age_hours: "),
        ("own_dkim", "list_days = 4611686018427387904\nown_dkim", "accounts.uk.list_days: "),
        ("own_dkim", "expire_after_days = 4611686018427387904\nown_dkim", "accounts.uk.expire_after_days: "),
        ("cool_down_hours = 12", "cool_down_hours = 0", "alerts.cool_down_hours: "),
        ("cool_down_hours = 12", "cool_down_hours = 4611686018427387904", "alerts.cool_down_hours: "),
        ('"silence"]', '"silent"]', "alerts.kinds.1: input should be 'leak', 'account_restricted',"),
        ("keyring =", "keyrin =", "the key alerts.to.2.keyrin is unknown (did you mean keyring?)"),
        (
            "{ keyring =",
            '{ env = "X", keyring =',
            "alerts.to.2: name exactly one of env, command, file, keyring",
        ),
        (WHOLE[WHOLE.index("[accounts") :], "[accounts]\nuk = 1", "accounts.uk: "),
        (WHOLE[WHOLE.index("[accounts") :], "accounts = 1", "the key alerts.accounts is unknown."),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in WHOLE
    message = refusal(tmp_path, WHOLE.replace(old, new))
    assert said in message
    assert "\n" not in message
    assert "pydantic" not in message


@pytest.mark.parametrize("written", ['"Hunter2-secret"', '["Hunter2-secret"]', "'Hunter2-secret'"])
def test_a_password_in_the_file_is_refused_and_not_repeated(tmp_path: Path, written: str) -> None:
    message = refusal(tmp_path, WHOLE.replace('{ file = "secrets/uk" }', written))
    assert "must say where the password is" in message
    assert "Hunter2" not in message


@pytest.mark.parametrize(
    "written",
    [
        '"slack://Hunter2-secret"',
        '["slack://Hunter2-secret"]',
        '[{ env = "A" }, ["slack://Hunter2-secret"]]',
        '{ env = "Hunter2-secret" }',
        '[{ "slack://Hunter2-secret" = true }]',
    ],
)
def test_an_address_in_the_file_is_refused_and_not_repeated(tmp_path: Path, written: str) -> None:
    begin = WHOLE.index("to = [{")
    message = refusal(tmp_path, WHOLE.replace(WHOLE[begin : WHOLE.index("\n", begin)], f"to = {written}"))
    assert "must say where each address is" in message or "name exactly one of env," in message
    assert "Hunter2" not in message


def test_a_password_without_quotes_is_not_repeated_either(tmp_path: Path) -> None:
    message = refusal(tmp_path, WHOLE.replace('{ file = "secrets/uk" }', "Hunter2-secret"))
    assert "not valid TOML" in message
    assert "Hunter2" not in message


@pytest.mark.parametrize(
    "text", ["[ledger", "a = ", b"\xff\xfe", "a = " + "[" * 100_000, "[ledger]\n[ledger]"]
)
def test_what_is_no_toml(tmp_path: Path, text: str | bytes) -> None:
    assert "it is not valid TOML" in refusal(tmp_path, text)


def test_a_large_file_is_something_else(tmp_path: Path) -> None:
    assert load(tmp_path, b"#" * module.LARGEST).path
    assert "larger than 1 MiB" in refusal(tmp_path, b"#" * (module.LARGEST + 1))


def test_an_endless_file_is_not_read_to_its_end() -> None:
    with pytest.raises(SettingsError, match="larger than 1 MiB"):
        load_settings(Path("/dev/zero"), {})


def test_a_named_file_has_to_be_there(tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(SettingsError, match="can't be read"):
            load_settings(path, {})
        with pytest.raises(SettingsError, match="can't be read"):
            load_settings(None, {"BOUNCE_WATCH_CONFIG": str(path)})


def test_the_users_own_folder_comes_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    own = tmp_path / "config" / "bounce-watch"
    own.mkdir(parents=True)
    without = load_settings(None, {})
    assert (without.path, list(without.accounts)) == (None, ["default"])
    assert without.wordings_folder == own / "wordings"
    assert without.presets_folder == own / "presets"
    assert without.ledger_url.endswith("/bounce-watch/bounce-watch.sqlite")
    (own / "settings.toml").write_text("[accounts.mine]\n", "utf-8")
    assert list(load_settings(None, {"BOUNCE_WATCH_CONFIG": ""}).accounts) == ["mine"]
    other = tmp_path / "other.toml"
    other.write_text("[accounts.other]\n", "utf-8")
    assert list(load_settings(None, {"BOUNCE_WATCH_CONFIG": str(other)}).accounts) == ["other"]
    assert list(load_settings(own / "settings.toml", {"BOUNCE_WATCH_CONFIG": str(other)}).accounts) == [
        "mine"
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("host =", "hots =", "the key accounts.uk.imap.hots is unknown (did you mean host?)"),
        ("addresses = [", 'addresses = "x" #', "must be a list"),
        ("addresses = [", 'addresses = ["nonsense"] #', "'nonsense' is no address"),
        ("trusted_forwarders = [", 'trusted_forwarders = ["*@seller.example"] #', "is no address"),
    ],
)
def test_faults_are_said_without_python(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in WHOLE
    assert said in fault(tmp_path, WHOLE.replace(old, new, 1))


def test_an_unknown_preset_is_told_before_the_first_export(tmp_path: Path) -> None:
    text = '[accounts.uk]\nexports = { adresses = "x.txt", our-tool = "y.csv" }\n'
    assert "accounts.uk.exports: there is no preset 'adresses'; there are addresses, brevo," in fault(
        tmp_path, text
    )
    text = text.replace("adresses", "addresses")
    assert "there is no preset 'our-tool'; there are" in fault(tmp_path, text)


def test_a_preset_of_the_sellers_own_is_known_whatever_is_in_it(tmp_path: Path) -> None:
    """What is wrong with it is told by the export, and stops nothing else."""
    (tmp_path / "presets").mkdir()
    (tmp_path / "presets" / "our-tool.toml").write_text("nonsense", "utf-8")
    path = tmp_path / "settings.toml"
    path.write_text('[accounts.uk]\nexports = { our-tool = "y.csv" }\n', "utf-8")
    found = load_settings(path, {})
    assert found.accounts["uk"].exports == {"our-tool": tmp_path / "y.csv"}
    assert found.presets_folder == tmp_path / "presets"


def test_a_byte_order_mark_of_an_editor_is_nothing(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(b"\xef\xbb\xbf[report]\ntime_zone = 'Europe/London'\n")
    assert load_settings(path, {}).time_zone.key == "Europe/London"


def fault(tmp_path: Path, text: str) -> str:
    path = tmp_path / "settings.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(SettingsError) as caught:
        load_settings(path, {})
    return caught.value.message
