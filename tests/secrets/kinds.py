"""The ways to fail that are searched for the password."""

from __future__ import annotations

import importlib.util
import signal
import ssl
from collections.abc import Mapping

from tests.secrets.forms import QUOTED
from tests.secrets.running import SETTINGS, Kind
from tests.secrets.server import ECHOES, GARBAGE, PLAIN_ONLY, SILENCE, Script
from tests.servers.scripted import HANG_UP

TRACEBACK = {"BOUNCE_WATCH_TRACEBACK": "1"}
SOON = "from bounce_watch.mailboxes.specs import ImapSpec\nImapSpec.__init__.__kwdefaults__['read_timeout_s'] = 0.5"


def source(toml: str) -> str:
    """The settings with another source of the password."""
    return SETTINGS.replace('{ file = "password" }', toml)


def answering(**answers: bytes) -> Script:
    """A server without TLS that gives these answers."""
    return Script(answers=answers)


def refusing(words: bytes) -> Script:
    """A server that says this to the password, however it comes."""
    return Script(answers={"": words, "LOGIN": words})


def secured(security: str, **changes: str) -> str:
    """Settings for a server with TLS."""
    text = SETTINGS.replace('"none"', f'"{security}"\nca_file = "@CA@"')
    for name, value in changes.items():
        text = text.replace(f"@{name}@", value)
    return text


def token(mechanism: str) -> str:
    """Settings that sign in with a token."""
    return SETTINGS.replace("junk = false", f'junk = false\nauth = "{mechanism}"')


SIGN_IN = [
    Kind(
        name="wrong password", code=77, fresh=True, script=refusing(b"{tag} NO [AUTHENTICATIONFAILED] no\r\n")
    ),
    Kind(name="refused without a code", code=77, script=refusing(b"{tag} NO no\r\n")),
    Kind(name="BAD to the password", code=77, script=refusing(b"{tag} BAD syntax: {line}\r\n")),
    Kind(
        name="echo in ASCII, by LOGIN",
        fresh=True,
        code=77,
        secret=QUOTED,
        script=refusing(b"{tag} BAD {line}\r\n"),
    ),
    Kind(name="echo unquoted, by LOGIN", code=77, secret=QUOTED, script=refusing(b"{tag} NO {sasl}\r\n")),
    Kind(name="busy, with an echo", code=75, script=refusing(b"{tag} NO [UNAVAILABLE] {sasl} {line}\r\n")),
    Kind(
        name="throttled, with an echo",
        code=75,
        secret=QUOTED,
        script=refusing(b"{tag} NO [THROTTLED] {line}\r\n"),
    ),
    Kind(name="untagged garbage for an answer", code=69, script=refusing(GARBAGE)),
    Kind(name="BYE with an echo", code=69, script=refusing(b"* BYE {line}\r\n")),
    Kind(name="tag of another command", code=69, script=refusing(b"ZZZZ9 OK {line}\r\n")),
    Kind(name="one endless line", code=69, script=refusing(b"* OK " + b"x" * 1_100_000 + b"{line}\r\n")),
    Kind(name="hangs up at the password", code=69, script=refusing(HANG_UP)),
    Kind(name="hangs up at AUTHENTICATE", code=69, script=answering(AUTHENTICATE=HANG_UP)),
    Kind(name="refuses AUTHENTICATE", code=77, script=answering(AUTHENTICATE=b"{tag} NO none\r\n")),
    Kind(name="hangs up at CAPABILITY", code=69, script=answering(CAPABILITY=HANG_UP)),
    Kind(name="hangs up at once", code=69, script=Script(greeting=b"")),
    Kind(name="greets with BYE", code=69, script=Script(greeting=b"* BYE full\r\n")),
    Kind(name="greets with garbage", code=69, script=Script(greeting=b"SSH-2.0-other\r\n")),
    Kind(name="PREAUTH", code=69, script=Script(greeting=b"* PREAUTH welcome\r\n")),
    Kind(name="silent at the greeting", code=69, script=Script(greeting=b"* "), hook=SOON),
    Kind(name="silent at the password", code=69, script=refusing(SILENCE), hook=SOON),
    Kind(
        name="takes no password",
        code=77,
        script=answering(CAPABILITY=b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n{tag} OK done\r\n"),
    ),
    Kind(name="nobody listens", code=69),
    Kind(name="no such host", code=69, settings=SETTINGS.replace('127.0.0.1"\n', 'localhost"\n')),
    Kind(name="in clear to another machine", code=78, settings=SETTINGS.replace("127.0.0.1", "192.0.2.1")),
    Kind(
        name="two accounts fail",
        code=77,
        script=refusing(b"{tag} NO {line}\r\n"),
        settings=SETTINGS + SETTINGS.partition("[accounts.uk.imap]")[2].join(["[accounts.de.imap]", ""]),
        lines=4,
    ),
    Kind(
        name="daily, wrong password",
        code=77,
        arguments=("daily", "--config", "settings.toml"),
        script=refusing(b"{tag} NO {line}\r\n"),
    ),
    Kind(
        name="as JSON, wrong password",
        fresh=True,
        code=77,
        arguments=("poll", "--json", "--config", "settings.toml"),
        script=refusing(b"{tag} NO {line} {sasl}\r\n"),
    ),
]

TOKENS = [
    Kind(name=f"{mechanism}: {name}", code=code, settings=token(mechanism), script=Script(answers=answers))
    for mechanism in ("xoauth2", "oauthbearer")
    for name, code, answers in (
        ("refused with an echo", 77, {"": b"{tag} NO {line} {sasl}\r\n"}),
        ("a challenge with the reason, then NO", 77, {"": b"+ {b64-1}\r\n", "again": b"{tag} NO {sasl}\r\n"}),
        ("not offered", 78, {"CAPABILITY": PLAIN_ONLY}),
        ("hangs up", 69, {"": HANG_UP}),
    )
]

AFTER = [
    Kind(name=f"{name}, after the sign-in", code=code, script=Script(answers=answers), lines=lines)
    for name, code, lines, answers in (
        ("no such folder, with an echo", 78, 2, {"EXAMINE": b"{tag} NO {line} {sasl}\r\n"}),
        (
            "a folder that is called so",
            78,
            2,
            {
                "EXAMINE": b"{tag} NO none\r\n",
                "LIST": b'* LIST () "/" "{sasl}"\r\n* LIST () "/" "{mutf7}"\r\n* LIST () "/" "INBOX"\r\n{tag} OK done\r\n',
            },
        ),
        ("busy with an echo", 75, 2, {"EXAMINE": b"{tag} NO [INUSE] {line} {sasl}\r\n"}),
        ("no UIDVALIDITY", 69, 2, {"EXAMINE": b"* OK [ALERT] {line}\r\n{tag} OK {line}\r\n"}),
        ("garbage with an echo", 69, 2, {"UID": GARBAGE}),
        ("SEARCH refused with an echo", 69, 2, {"UID": b"{tag} NO {line} {hex}\r\n"}),
        ("SEARCH finds words", 69, 2, {"UID": b"* SEARCH {sasl} {line}\r\n{tag} OK done\r\n"}),
        ("hangs up with BYE", 69, 2, {"UID": b"* BYE {sasl} {b64-2}\r\n"}),
        ("hangs up", 69, 2, {"UID": HANG_UP}),
    )
]

TLS = [
    Kind(name=f"TLS: {name}", code=69, settings=settings, script=script)
    for name, settings, script in (
        ("expired", secured("tls").replace("127.0.0.1", "127.0.0.1"), Script(certificate="expired")),
        ("for another host", secured("tls"), Script(certificate="elsewhere")),
        ("unknown authority", secured("tls").replace('ca_file = "@CA@"', ""), Script(certificate="good")),
        ("too old", secured("tls"), Script(certificate="good", newest_tls=ssl.TLSVersion.TLSv1_1)),
        ("none on this port", secured("tls"), Script()),
        ("STARTTLS not offered", secured("starttls"), Script()),
        (
            "STARTTLS refused",
            secured("starttls"),
            answering(CAPABILITY=PLAIN_ONLY.replace(b"AUTH", b"STARTTLS AUTH"), STARTTLS=b"{tag} BAD no\r\n"),
        ),
        (
            "STARTTLS with another host's certificate",
            secured("starttls"),
            Script(
                answers={"CAPABILITY": PLAIN_ONLY.replace(b"AUTH", b"STARTTLS AUTH")},
                certificate="elsewhere",
                at_once=False,
            ),
        ),
        (
            "hangs up in clear after STARTTLS",
            secured("starttls"),
            answering(
                CAPABILITY=PLAIN_ONLY.replace(b"AUTH", b"STARTTLS AUTH"), STARTTLS=b"{tag} OK now\r\nxxxx"
            ),
        ),
    )
] + [
    Kind(
        name="TLS: good, wrong password",
        fresh=True,
        code=77,
        settings=secured("tls"),
        script=Script(answers={"": b"{tag} NO {line} {sasl}\r\n"}, certificate="good"),
    ),
    Kind(
        name="TLS: ca_file is the password's file",
        code=78,
        settings=secured("tls").replace("@CA@", "password"),
    ),
]

SOURCES = [
    Kind(name="file is missing", code=77, settings=source('{ file = "none" }')),
    Kind(name="file for everybody", code=77, mode=0o644),
    Kind(name="file is a folder", code=77, settings=source('{ file = "tmp" }')),
    Kind(name="file holds a control character", code=77, files={"password": "@SECRET@\0\n"}),
    Kind(name="file begins with an empty line", code=77, files={"password": "\n@SECRET@\n"}),
    Kind(name="the password for a file", code=77, settings=source('{ file = "@SECRET@" }')),
    Kind(name="the password for a user's home", code=78, settings=source('{ file = "~@SECRET@/x" }')),
    Kind(
        name="variable is empty", code=77, settings=source('{ env = "UK_PASSWORD" }'), env={"UK_PASSWORD": ""}
    ),
    Kind(
        name="variable, wrong password",
        fresh=True,
        code=77,
        settings=source('{ env = "UK_PASSWORD" }'),
        env={"UK_PASSWORD": "@SECRET@"},
        script=refusing(b"{tag} NO {line}\r\n"),
        typed=True,
    ),
    Kind(name="the password for a variable", code=77, settings=source('{ env = "@SECRET@" }')),
    Kind(name="the password for a command", code=77, settings=source('{ command = "@SECRET@" }')),
    Kind(
        name="command fails and talks",
        fresh=True,
        code=77,
        settings=source("""{ command = "sh -c 'cat password; cat password >&2; exit 3'" }"""),
    ),
    Kind(name="command says nothing", code=77, settings=source('{ command = "cat /dev/null" }')),
    Kind(
        name="command talks, then wrong password",
        code=77,
        settings=source("""{ command = "sh -c 'cat password >&2; cat password'" }"""),
        script=refusing(b"{tag} NO {line}\r\n"),
    ),
    Kind(
        name="command does not end",
        code=77,
        settings=source("""{ command = "sh -c 'cat password; exec sleep 30'" }"""),
        hook="from bounce_watch.sign_in import secret\nsecret.COMMAND_SECONDS = 0.5",
    ),
    Kind(
        name="command is killed",
        code=77,
        settings=source("""{ command = "sh -c 'cat password; kill -9 $$'" }"""),
        env=TRACEBACK,
    ),
    Kind(
        name="command prints two lines in one",
        code=77,
        settings=source("""{ command = "printf '%s\\\\rA1 NOOP' @SECRET@" }"""),
    ),
]

IN_CLEAR = "keyrings.alt.file.PlaintextKeyring"
KEYRING = source('{ keyring = "bounce-watch" }')

KEYRINGS = [
    Kind(name="keyring: no library", code=78, settings=KEYRING, hook="sys.modules['keyring'] = None"),
    Kind(name="keyring: none here", code=77, settings=KEYRING),
    Kind(name="keyring: no entry", code=77, settings=KEYRING, env={"PYTHON_KEYRING_BACKEND": IN_CLEAR}),
    Kind(
        name="keyring: the password for a service",
        code=77,
        settings=source('{ keyring = "@SECRET@" }'),
        env={"PYTHON_KEYRING_BACKEND": IN_CLEAR},
    ),
    Kind(
        name="keyring: wrong password",
        fresh=True,
        code=77,
        settings=KEYRING,
        env={"PYTHON_KEYRING_BACKEND": IN_CLEAR},
        files={
            ".local/share/python_keyring/keyring_pass.cfg": "[bounce_2dwatch]\nseller = \n\t@B64@\n",
        },
        script=refusing(b"{tag} NO [AUTHENTICATIONFAILED] {line}\r\n"),
    ),
    Kind(
        name="keyring: null",
        code=77,
        settings=KEYRING,
        env={"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"},
    ),
    Kind(
        name="keyring: unknown plug-in",
        code=77,
        settings=KEYRING,
        env={"PYTHON_KEYRING_BACKEND": "no.such.Ring"},
    ),
] + [
    Kind(
        name=f"keyring: {name}",
        code=77,
        settings=KEYRING,
        env={"PYTHON_KEYRING_BACKEND": IN_CLEAR} | TRACEBACK,
        hook=f"from keyrings.alt.file import PlaintextKeyring\nimport keyring.errors, time\n"
        f"from bounce_watch.sign_in import system_keyring\nsystem_keyring.KEYRING_SECONDS = 0.5\n"
        f"def get_password(*words):\n    {body}\nPlaintextKeyring.get_password = get_password\n",
    )
    for name, body in (
        ("locked", "raise keyring.errors.KeyringLocked(open('password').read())"),
        ("fails with the password", "raise LookupError(open('password').read())"),
        ("does not answer", "time.sleep(30)"),
    )
]

CONFIGURED = [
    Kind(name=f"settings: {name}", code=78, settings=settings)
    for name, settings in (
        ("the password itself", source('"@SECRET@"')),
        ("the password in a list", source('["@SECRET@"]')),
        ("the password without quotes", source("@SECRET@")),
        ("the password in an open quote", source('"@SECRET@')),
        ("the password for a key", source('{ "@SECRET@" = "env" }')),
        ("two sources", source('{ env = "@SECRET@", command = "@SECRET@" }')),
        ("a misspelt source", source('{ enviroment = "@SECRET@" }')),
        ("a misspelt key", SETTINGS.replace("junk = false", 'pasword = "@SECRET@"')),
        ("a key of another program", SETTINGS.replace("junk = false", 'token = "@SECRET@"')),
        ("a key twice", SETTINGS.replace("junk = false", 'password = "@SECRET@"')),
        ("the password as a port", SETTINGS.replace("@PORT@", '"@SECRET@"')),
        ("the password as the kind of sign-in", SETTINGS.replace("junk = false", 'auth = "@SECRET@"')),
        ("the password for an account", SETTINGS + 'accounts = "@SECRET@"'),
        ("in Latin-1", source('"Hunter2-Ünïque-1d9f"').encode("latin-1")),
    )
] + [
    Kind(name="settings are the password's file", code=78, arguments=("poll", "--config", "password")),
    Kind(
        name="settings by variable are the password's file",
        code=78,
        arguments=("report",),
        env={"BOUNCE_WATCH_CONFIG": "password"},
    ),
]


def database(url: str) -> str:
    """Settings with the ledger in that place."""
    return SETTINGS.replace("sqlite:///ledger.sqlite", url)


LEDGERS = [
    Kind(name=f"ledger: {name}", code=code, settings=database(url), env=env)
    for name, code, url, env in (
        ("folder is a file", 74, "sqlite:///password/ledger.sqlite", {}),
        ("is the password's file", 74, "sqlite:///password", {}),
        ("a folder that can't be made", 74, "sqlite:////proc/none/ledger.sqlite", {}),
        ("unknown driver", 78, "mysql://seller:@SECRET@@127.0.0.1/db", {}),
        ("malformed", 78, "postgresql://seller:@SECRET@", {}),
        ("no url at all", 78, "@SECRET@", {}),
        ("an @ in the password", 78, "postgresql://seller:x@@SECRET@@127.0.0.1/db", {}),
        ("unreachable", 69, "postgresql://seller:@SECRET@@127.0.0.1:1/db", {}),
        (
            "unreachable, password in the query",
            69,
            "postgresql://seller@127.0.0.1:1/db?password=@SECRET@",
            TRACEBACK,
        ),
    )
] + [
    Kind(
        name="ledger: wrong password",
        fresh=True,
        code=77,
        database=True,
        settings=database("postgresql://seller:@SECRET@@127.0.0.1:@PORT@/db").replace("port = @PORT@", ""),
    ),
    Kind(name="ledger: no room", code=74, octets=20_480, script=Script()),
]
if importlib.util.find_spec("psycopg") is None:
    LEDGERS = [each for each in LEDGERS if "postgresql" not in str(each.settings) or each.code == 78]

_CRASH = """
import imapclient, bounce_watch.flow
def crash(*words, **more):
    {body}
{place} = crash
"""
_INJECTED: Mapping[str, tuple[str, str]] = {
    "at the sign-in": ("imapclient.IMAPClient.plain_login", "raise RuntimeError(words)"),
    "with a cause": (
        "imapclient.IMAPClient.plain_login",
        "raise RuntimeError(words) from ValueError(words[-1])",
    ),
    "while handling another": (
        "imapclient.IMAPClient.plain_login",
        "try: raise KeyError(words)\n    except KeyError: raise AssertionError(words[-1].encode())",
    ),
    "with a note": (
        "imapclient.IMAPClient.plain_login",
        "error = TypeError(words)\n    error.add_note(words[-1])\n    raise error",
    ),
    "in a group": (
        "imapclient.IMAPClient.plain_login",
        "raise ExceptionGroup(words[-1], [ValueError(words)])",
    ),
    "in the flow": ("bounce_watch.flow.intake", "raise RuntimeError(open('password').read())"),
    "out of memory": ("imapclient.IMAPClient.plain_login", "raise MemoryError(words)"),
}
CRASHES = [
    Kind(
        name=f"crash {name}{', with a traceback' if shown else ''}",
        code=1,
        hook=_CRASH.format(place=place, body=body),
        script=Script(),
        env=TRACEBACK if shown else {},
        lines=None if shown else 2,
    )
    for name, (place, body) in _INJECTED.items()
    for shown in (False, True)
]

SIGNALS = [
    Kind(
        name=f"{number.name} while {name}",
        fresh=number is signal.SIGABRT,
        code=code,
        kill=number,
        script=Script(answers={verb: SILENCE}),
        lines=None,
    )
    for name, verb, numbers in (
        ("signing in", "", (signal.SIGTERM, signal.SIGINT, signal.SIGABRT, signal.SIGSEGV)),
        ("reading", "UID", (signal.SIGTERM, signal.SIGABRT, signal.SIGQUIT, signal.SIGKILL)),
    )
    for number in numbers
    for code in ({signal.SIGTERM: 143, signal.SIGINT: 130}.get(number, -number),)
] + [
    Kind(
        name="SIGABRT, with Python's fault handler",
        code=-signal.SIGABRT,
        kill=signal.SIGABRT,
        script=Script(answers={"": SILENCE}),
        env={"PYTHONFAULTHANDLER": "1"},
        lines=None,
    ),
]

OTHERS = [
    Kind(
        name="an option for the password",
        fresh=True,
        code=2,
        arguments=("poll", "--password=@SECRET@"),
        typed=True,
        lines=None,
    ),
    Kind(
        name="an option and the password",
        code=2,
        arguments=("poll", "--password", "@SECRET@"),
        typed=True,
        lines=None,
    ),
    Kind(name="mail is the password's file", code=5, arguments=("inspect", "password"), lines=None),
    Kind(
        name="mail is the settings",
        code=5,
        arguments=("inspect", "settings.toml", "--json"),
        settings="\0" + source('"@SECRET@"'),
        lines=None,
    ),
    Kind(name="import of the password's file", code=5, arguments=("import", "password")),
    Kind(name="import of what is not there", code=65, arguments=("import", "none")),
]

TEST_ALERT = ("alerts", "test", "--config", "settings.toml")


def told(to: str) -> str:
    """The settings with somebody to tell."""
    return f"{SETTINGS}\n[alerts]\nto = {to}\n"


def addressed(name: str, address: str, code: int, script: Script | None = None) -> Kind:
    """A test message to an address with the password in it."""
    files = {"address": address}
    to = '[{ file = "address" }]'
    return Kind(name=name, code=code, arguments=TEST_ALERT, settings=told(to), files=files, script=script)


ALERTS = [
    addressed("the password for an address", "@SECRET@", 78),
    addressed("an address of no known service", "nosuch://@SECRET@@host/", 78),
    addressed("a web hook that is not there", "json://seller:@SECRET@@127.0.0.1:1/@SECRET@", 69),
    addressed("a web hook that talks IMAP", "json://u:@SECRET@@127.0.0.1:@PORT@/", 69, answering()),
    addressed(
        "a mail server that talks IMAP",
        "mailto://u:@SECRET@@127.0.0.1:@PORT@?from=a@seller.example&to=b@seller.example",
        69,
        answering(),
    ),
    Kind(
        name="an address in the settings",
        code=78,
        arguments=TEST_ALERT,
        settings=told('["json://u:@SECRET@@host"]'),
    ),
    Kind(
        name="an address for a key",
        code=78,
        arguments=TEST_ALERT,
        settings=told('[{ "json://@SECRET@" = 1 }]'),
    ),
    Kind(
        name="an address for a variable",
        code=77,
        arguments=TEST_ALERT,
        settings=told('[{ env = "json://@SECRET@" }]'),
    ),
]

MATRIX = [
    Kind(
        name=f"echo as {form} at {place}",
        code=code,
        script=Script(answers={verb: f"{{tag}} NO {form}\r\n".encode()}),
    )
    for place, verb, code in (("the password", "", 77), ("SEARCH", "UID", 69))
    for form in ECHOES
]
"""Run as accounts of one command, since it is the same code and the same failure each time."""

FAMILIES: Mapping[str, list[Kind]] = {
    "sign-in": SIGN_IN,
    "tokens": TOKENS,
    "after the sign-in": AFTER,
    "TLS": TLS,
    "sources": SOURCES,
    "keyrings": KEYRINGS,
    "settings": CONFIGURED,
    "ledgers": LEDGERS,
    "crashes": CRASHES,
    "signals": SIGNALS,
    "other commands": OTHERS,
    "alerts": ALERTS,
}
