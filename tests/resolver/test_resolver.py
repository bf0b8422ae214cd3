"""The real resolver against a real server, on the loopback address."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import pytest

from bounce_watch import resolver
from bounce_watch.errors import SettingsError
from bounce_watch.records.account import Account, Trust
from bounce_watch.resolver import DnsResolver, dns_resolver, resolver_for

from .dns_server import KEY, Dns, dns_server

DOMAIN = "_domainkey.amazon.com"


@pytest.fixture
def server() -> Iterator[Dns]:
    with dns_server() as running:
        yield running


def to(server: Dns, *, timeout_s: float = 3.0) -> DnsResolver:
    return DnsResolver(servers=["127.0.0.1"], port=server.port, timeout_s=timeout_s)


@pytest.mark.parametrize(
    ("kind", "record"),
    [
        ("key", KEY.encode()),
        ("alias", KEY.encode()),
        ("mixed", KEY.encode()),
        ("two", None),
        ("note", None),
        ("nothing", None),
        ("nxdomain", None),
    ],
)
def test_what_is_there_is_given_and_what_is_not_is_none(server: Dns, kind: str, record: bytes | None) -> None:
    assert to(server)(f"{kind}.{DOMAIN}") == record
    assert server.udp == [f"{kind}.{DOMAIN}."]


def test_an_answer_cut_short_is_asked_for_again_over_tcp(server: Dns) -> None:
    assert to(server)(f"long.{DOMAIN}") == KEY.encode()
    assert server.tcp == [f"long.{DOMAIN}."]


@pytest.mark.parametrize("kind", ["servfail", "refused", "silent", "longer", "garbage"])
def test_no_answer_is_an_os_error_in_good_time(server: Dns, kind: str) -> None:
    began = time.monotonic()
    with pytest.raises(OSError, match=r"\w"):
        to(server, timeout_s=0.3)(f"{kind}.{DOMAIN}")
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    "name", ["a" * 64 + ".amazon.com", "a..amazon.com", "x." * 200 + "com", "ü\udcff.amazon.com"]
)
def test_a_name_that_dns_can_not_hold_is_an_os_error(server: Dns, name: str) -> None:
    with pytest.raises(OSError, match=r"\w"):
        to(server)(name)
    assert server.udp == []


def test_each_name_is_asked_for_once_whatever_came_out(server: Dns) -> None:
    ask = to(server)
    for _ in range(3):
        assert ask(f"key.{DOMAIN}") == KEY.encode()
        assert ask(f"nxdomain.{DOMAIN}") is None
        with pytest.raises(OSError, match="NoNameservers"):
            ask(f"servfail.{DOMAIN}")
    assert sorted(server.udp) == [f"{kind}.{DOMAIN}." for kind in ("key", "nxdomain", "servfail")]


def test_three_lookups_without_an_answer_end_the_lookups_of_a_run(server: Dns) -> None:
    ask = to(server, timeout_s=0.1)
    for number in range(3):
        with pytest.raises(OSError, match="Timeout"):
            ask(f"silent.{number}.{DOMAIN}")
    asked = len(server.udp)
    with pytest.raises(OSError, match="no more lookups"):
        ask(f"key.{DOMAIN}")
    assert len(server.udp) == asked


def test_an_answer_in_between_begins_the_count_again(server: Dns) -> None:
    ask = to(server)
    for number in range(4):
        with pytest.raises(OSError, match="NoNameservers"):
            ask(f"servfail.{number}.{DOMAIN}")
        assert ask(f"nxdomain.{number}.{DOMAIN}") is None


def test_a_run_asks_for_so_many_names_and_no_more(server: Dns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolver, "MOST_LOOKUPS", 2)
    ask = to(server)
    assert [ask(f"nothing.{number}.{DOMAIN}") for number in range(2)] == [None, None]
    with pytest.raises(OSError, match="no more lookups"):
        ask(f"key.{DOMAIN}")
    assert ask(f"nothing.1.{DOMAIN}") is None


def test_the_name_servers_of_the_machine_are_asked(server: Dns, monkeypatch: pytest.MonkeyPatch) -> None:
    import dns.resolver

    def configured(self: dns.resolver.Resolver, configure: bool = True) -> None:
        assert configure
        self.reset()
        self.nameservers = ["127.0.0.1"]
        self.port = server.port

    monkeypatch.setattr(dns.resolver.Resolver, "__init__", configured)
    assert dns_resolver()(f"key.{DOMAIN}") == KEY.encode()


def test_a_machine_without_name_servers_gives_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    import dns.resolver

    def unconfigured(self: object, configure: bool = True) -> None:
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(dns.resolver.Resolver, "__init__", unconfigured)
    with pytest.raises(OSError, match="NoResolverConfiguration"):
        dns_resolver()(f"key.{DOMAIN}")


def test_an_account_has_a_resolver_only_if_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dkim", None)
    assert resolver_for(Account(name="uk")) is None
    with pytest.raises(SettingsError):
        resolver_for(Account(name="uk", trust=Trust(own_dkim=True)))
    monkeypatch.undo()
    assert isinstance(resolver_for(Account(name="uk", trust=Trust(own_dkim=True))), DnsResolver)


@pytest.mark.parametrize(("module", "package"), [("dkim", "dkimpy"), ("dns", "dnspython")])
def test_a_missing_library_is_a_fault_of_the_settings(
    monkeypatch: pytest.MonkeyPatch, module: str, package: str
) -> None:
    for name in [name for name in sys.modules if name == module or name.startswith(f"{module}.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    if module == "dns":
        monkeypatch.setattr(resolver, "require_library", lambda: None)
    with pytest.raises(SettingsError, match=package) as caught:
        dns_resolver()
    assert "extra dkim" in caught.value.advice
