"""What an import did, in sentences for a person and as data for a program."""

from __future__ import annotations

from collections.abc import Iterator

from bounce_watch.records.decision import Action
from bounce_watch.reports.wording import counted, listed
from bounce_watch.upkeep.import_decisions import Imported
from bounce_watch.upkeep.import_rows import Found, LeftOut

_WHY = {
    LeftOut.NOT_AMAZON: "with an address that is no buyer's at a marketplace",
    LeftOut.SHARED: "with an address that many buyers share and no order id",
    LeftOut.EXPIRED: "whose end is over",
    LeftOut.OTHER_ACCOUNT: "of another account",
    LeftOut.WEAKENS: "that would take somebody off the list (--weaken lets them)",
    LeftOut.ALLOWED: "about somebody whom a person allowed",
}


def columns_told(name: str, found: Found) -> str:
    """How the file was understood, in a sentence."""
    more = [f'{what} in column "{found.called(meaning)}"' for meaning, what in _MORE if meaning in found.more]
    header = "a header" if found.columns.titles else "no header"
    return f"{name}: {found.dialect}, {header}: {', '.join([str(found.columns), *more])}."


_MORE = (("note", "note"), ("action", "action"), ("expires_at", "end"), ("scope", "scope"))


def told(done: Imported) -> Iterator[str]:
    """What an import does, in sentences."""
    parts = [f"{done.filed[Action.ADD]:,} added"]
    parts += [f"{done.filed[each]:,} {verb}" for each, verb in _VERBS if done.filed[each]]
    already = "so already" if done.weaken else "already on the list"
    parts += [f"{done.already:,} {already}", f"{sum(done.left_out.values()):,} left out"]
    yield f"{done.account}: {counted(done.rows, 'row')} read: {', '.join(parts)}."
    if done.left_out:
        yield f"Left out: {listed([f'{number:,} {_WHY[why]}' for why, number in sorted(done.left_out.items())])}."
    if done.again:
        yield f"Of those added a person had released {done.again:,}; `suppressions allow` holds against imports, too."
    if done.kept:
        yield f"Of those added {done.kept:,} were on the list by another import, and stay if that is undone."
    if done.leaving:
        one = "leaves" if done.leaving == 1 else "leave"
        yield (
            f"Of those on the list already {done.leaving:,} {one} it by themselves:"
            " bounce-watch suppressions list --expiring"
        )
    if done.run is None:
        yield "Nothing was changed."
    elif done.wishes:
        yield f"It is run {done.run}; `bounce-watch undo {done.run}` takes it back."


_VERBS = ((Action.RELEASE, "released"), (Action.ALLOW, "allowed"))


def changes(done: Imported) -> Iterator[str]:
    """`+ name` for one who comes onto the list, `- name` for one who leaves it."""
    return (f"{'+' if wish.action is Action.ADD else '-'} {wish.name}" for wish, _ in done.wishes)


def as_data(done: Imported, found: Found) -> dict[str, object]:
    """The same for a program."""
    return {
        "account": done.account,
        "dry_run": done.run is None,
        "run": done.run,
        "encoding": str(found.dialect.coding),
        "delimiter": found.dialect.delimiter,
        "header": found.columns.titles is not None,
        "alias_columns": [place + 1 for place in found.columns.alias_at],
        "order_columns": [place + 1 for place in found.columns.order_at],
        "columns": {meaning: found.called(meaning) for meaning, _ in _MORE},
        "rows": done.rows,
        "added": done.filed[Action.ADD],
        "released": done.filed[Action.RELEASE],
        "allowed": done.filed[Action.ALLOW],
        "again": done.again,
        "kept": done.kept,
        "already": done.already,
        "left_out": {why.value: done.left_out[why] for why in LeftOut},
        "names": [{"name": str(wish.name), "action": wish.action.value} for wish, _ in done.wishes],
    }
