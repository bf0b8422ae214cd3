"""Did Amazon send it: the verdict on one mail, from what our own receiver wrote."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import takewhile

from bounce_watch.authenticity.dkim import DkimResult, Signature, aligned
from bounce_watch.authenticity.results import MethodResult, ResultsField, own_fields
from bounce_watch.records.account import RequireProof, Trust
from bounce_watch.records.mail import Message
from bounce_watch.records.notice import Method, Outcome, Verdict

_PASSED_BY_OTHERS = ("dkim", "spf")

OwnCheck = Callable[[Message], Sequence[Signature]]
"""Our own check of a mail's DKIM signatures; it is asked only where the receiver's fields prove nothing."""


def judge(message: Message, trust: Trust, *, own_check: OwnCheck | None = None) -> Verdict:
    """The verdict on a mail that says it comes from its From domain.

    GENUINE: a field of our own receiver says dmarc=pass for the From domain, or dkim=pass with an aligned
    domain; or our own check passes where it says nothing of use. FORGED: it says that one of them failed,
    whatever our own check says. UNPROVEN: nothing proves it; a failing check of ours is no proof against it,
    since a gateway may have changed the mail on its way.
    """
    verdict = _by_receiver(message, trust)
    if own_check is None or verdict.outcome is Outcome.GENUINE:
        return verdict
    return _with_own_check(verdict, own_check(message), message.from_domain or "")


def _by_receiver(message: Message, trust: Trust) -> Verdict:
    if not trust.authserv_ids:
        return _unproven("no receiver of ours is named in authserv_ids, so nothing can prove it")
    fields = own_fields(message.trace, trust.authserv_ids)
    if not fields:
        return _unproven("our own receiver wrote no Authentication-Results")
    return replace(_verdict(fields, message.from_domain or ""), authserv_id=fields[0].authserv_id)


def judge_forward(message: Message, trust: Trust, *, own_check: OwnCheck | None = None) -> Verdict:
    """The verdict on a forwarded notice: the mail that brought it must prove its own sender, a trusted one."""
    is_trusted = message.from_address in {address.lower() for address in trust.trusted_forwarders}
    outer = judge(message, trust, own_check=own_check if is_trusted else None)
    if outer.outcome is not Outcome.FORGED and not is_trusted:
        reason = "it was forwarded by somebody who is not in trusted_forwarders"
        return replace(outer, outcome=Outcome.UNPROVEN, method=Method.FORWARD, reason=reason)
    return replace(outer, method=Method.FORWARD, reason=f"forwarded: {outer.reason}")


def counts(outcome: Outcome, require_proof: RequireProof, *, known_to_us: bool) -> bool:
    """Whether a notice with this verdict counts under the account's policy; all else waits for a person.

    `known_to_us`: its order or alias stands in our own sends or order reports, which a forger can't know.
    """
    if outcome is Outcome.GENUINE:
        return True
    if outcome is Outcome.FORGED or require_proof is RequireProof.ALWAYS:
        return False
    return require_proof is RequireProof.NEVER or known_to_us


def _with_own_check(verdict: Verdict, signatures: Sequence[Signature], domain: str) -> Verdict:
    ours = [signature for signature in signatures if aligned(signature.domain, domain)]
    passed = next((signature for signature in ours if signature.result is DkimResult.PASS), None)
    if passed and verdict.outcome is Outcome.UNPROVEN:
        reason = f"our own check of the signature of {passed.domain} passes"
        return _genuine(reason, passed.domain, method=Method.DKIM)
    if shown := passed or next(iter(ours), None):
        reason = f"{verdict.reason}; our own check of the signature of {shown.domain}: {shown.reason}"
        return replace(verdict, reason=reason)
    return verdict


def _verdict(fields: Sequence[ResultsField], domain: str) -> Verdict:
    results = [result for field in fields for result in field.results]
    dmarc = [result for result in results if result.method == "dmarc"]
    if any(result.result == "fail" for result in dmarc):
        return _forged("our receiver says dmarc=fail")
    if dmarc and dmarc[0].result == "pass" and not _contradicted(fields):
        speaks_of = (dmarc[0].property("header.from") or "").rpartition("@")[2].rstrip(".")
        if speaks_of and speaks_of == domain:
            return _genuine(f"our receiver says dmarc=pass for {domain}", domain)
        if speaks_of:
            return _unproven("our receiver says dmarc=pass, but for another domain")
    return _by_dkim(results, domain)


def _by_dkim(results: Sequence[MethodResult], domain: str) -> Verdict:
    dkim = [result for result in results if result.method == "dkim"]
    if dkim and dkim[0].result == "none":  # our receiver saw no signature: what stands below is not its own
        dkim = []
    signatures = dict[str | None, str]()
    for result in dkim:  # of one signing domain the topmost result wins
        signatures.setdefault(_signing_domain(result), result.result)
    for signing_domain, result_text in signatures.items():
        if signing_domain and aligned(signing_domain, domain) and result_text == "pass":
            return _genuine(f"our receiver says dkim=pass for {signing_domain}", signing_domain)
    if any(text == "fail" and (not name or aligned(name, domain)) for name, text in signatures.items()):
        return _forged("our receiver says dkim=fail")
    spf = [result.result for result in results if result.method == "spf"]
    if not signatures and spf[:1] == ["fail"]:
        return _forged("our receiver says spf=fail and nothing else passed")
    return _unproven("our receiver's results do not prove the From domain")


def _contradicted(fields: Sequence[ResultsField]) -> bool:
    """True when dmarc=pass stands in a field below one by which nothing passed.

    DMARC passes only where DKIM or SPF does (RFC 7489, 4.2), so such a field was not written by our
    receiver: it is the sender's, under our id.
    """
    above = list[MethodResult]()
    for field in takewhile(lambda field: not _speaks_of(field, "dmarc"), fields):
        above.extend(result for result in field.results if result.method in _PASSED_BY_OTHERS)
    return bool(above) and not any(result.result == "pass" for result in above)


def _speaks_of(field: ResultsField, method: str) -> bool:
    return any(result.method == method for result in field.results)


def _signing_domain(result: MethodResult) -> str | None:
    """The domain of a DKIM result: header.d, else what stands behind the @ of header.i."""
    return result.property("header.d") or (result.property("header.i") or "").rpartition("@")[2] or None


def _genuine(reason: str, signing_domain: str, *, method: Method = Method.AUTHENTICATION_RESULTS) -> Verdict:
    return Verdict(
        outcome=Outcome.GENUINE,
        method=method,
        reason=reason,
        signing_domain=signing_domain,
        aligned=True,
    )


def _forged(reason: str) -> Verdict:
    return Verdict(outcome=Outcome.FORGED, method=Method.AUTHENTICATION_RESULTS, reason=reason)


def _unproven(reason: str) -> Verdict:
    return Verdict(outcome=Outcome.UNPROVEN, method=Method.NONE, reason=reason)
