# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: Apache-2.0
"""Recognises symptoms in text: an error message, a stack trace, a log, a SQLSTATE.

Pure and total: text in, ranked matches out. The time is linear in the text: wordings are found by
a literal part, and regular expressions see a bounded window around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field

from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass
from connguard.policies.model.symptom import Symptom, Wording

BEFORE, AFTER = 400, 1600
"""The window around the literal part of a wording, in characters."""
NEAR = 1500
"""How far from a message another program or database may be named."""
OCCURRENCES = 50
"""How often a wording is tried in one text before it is given up."""

VALUES = ("role", "database", "host", "port", "limit", "client", "encryption", "hba_line")

_OWN = lazily(
    r"postgre|Postgre|POSTGRE|\bpsql\b|\bpgx|pgconn|pgxpool|\blibpq\b|lib/pq|\bpq: |psycopg|asyncpg"
    r"|[Nn]pgsql|PSQLException|[Pp]g[Bb]ouncer|pgpool|\.s\.PGSQL|\bPG::|node_modules/pg[/-"
    r"]|\bpgcat\b"
    r"|Supavisor|supabase|neon\.tech|\bPgConn|PgPool|\bpg_\w{3,}|\bpg-(?:pool|protocol|promise)\b"
    r"|\[(?:app/)?postgres|PGHOST|PGRST\d|failed to connect to `(?:host|user)="
    r"|[:`'](?:5432|5433|5434|6432|6543)\b|\bport[\"']?[ =:]{1,3}(?:5432|5433|6432|6543)\b"
)
_FOREIGN = lazily(
    r"[Mm]y[Ss][Qq][Ll]|[Mm]aria[Dd][Bb]|\bredis\b|[Rr]edis(?:Error|Exception|Client)|iore"
    r"dis|\bredis:"
    r"|[Mm]ongo|[Rr]abbit|\bamqps?\b|[Kk]afka|[Ee]lastic|[Oo]pensearch|[Mm]emcache|[Cc]assandra"
    r"|[Ss][Qq][Ll] ?[Ss]erver|SqlClient|\bMSSQL\b|\bmssql\b|\bORA-\d{5}|\bTNS-\d{5}|oracle"
    r"|[Ss][Qq][Ll]ite|clickhouse|\bsmtp|\bldaps?:|docker daemon|\bssh:|\bgrpc\b|\betcd\b"
    r"|(?:[:`']|\bport[\"']?[ =:]{1,3})(?:3306|6379|26379|27017|5672|9092|9200|9300|11211|1433)\b"
    r"|(?:[:`']|\bport[\"']?[ =:]{1,3})(?:1521|50051|8123|9000|8080)\b"
)
_WEB = lazily(
    r"https?://(?!(?:www\.)?(?:prisma|pris\.ly|sqlalche|neon|supabase|github|docs))|curl: "
)
_OTHER_DATABASE = lazily(
    r"[Mm]y[Ss][Qq][Ll]|[Mm]aria[Dd][Bb]|[Mm]ongo|SqlClient|\bORA-\d{5}|oracle\.jdbc|[Ss]["
    r"Qq][Ll]ite"
    r"|sqlserver|[Cc]lickhouse|[:`'](?:3306|1433|1521|27017)\b"
)
_POSTGRES_PORTS = frozenset(
    ("5432", "5433", "5434", "5435", "5439", "6432", "6433", "6543", "25060", "25061")
)

_FRAMES = tuple(
    lazily(pattern)
    for pattern in (
        r'connection to server at "(?P<host>[^"\s]{1,255})"(?: \([0-9a-fA-F.:]{2,45}\))?,'
        r" port (?P<port>\d{1,5}) failed",
        r'running on (?:that )?host "(?P<host>[^"\s]{1,255})"(?: \([0-9a-fA-F.:]{2,45}\))? and'
        r" accepting\s{1,20}TCP/IP connections on port (?P<port>\d{1,5})",
        r"failed to connect to `(?:host=(?P<host>\S{1,255}) )?user=(?P<role>\S{0,63})"
        r" database=(?P<database>[^`\s]{0,63})`",
        r"Connection to (?P<host>[\w.-]{1,255}):(?P<port>\d{1,5}) refused",
        r"Can't reach database server at `?(?P<host>[^`:\s]{1,255})`?:`?(?P<port>\d{2,5})",
        r"\b[CS]-0x[0-9a-f]{4,16}: (?P<database>[^/\s]{1,63})/(?P<role>[^@\s]{1,63})@",
        r"\buser=(?P<role>[\w-]{1,63}),db=(?P<database>[\w-]{1,63})\b",
        r":(?P<role>[\w-]{1,63})@(?P<database>[\w-]{1,63}):\[\d{1,10}\]:",
        r'Connection matched (?:pg_hba\.conf|file "[^"\n]{1,300}") line (?P<hba_line>\d{1,6})',
    )
)
_CODE_FORMS = lazily(
    r"SQL ?STATE[\s:=(\[\"']{1,4}(?P<sqlstate>[0-9A-Z]{5})\b(?!\] \[[0-9]{4}\])"
    r"|SQLState[\s:=(\[\"']{1,4}(?P<jdbc>[0-9A-Z]{5})\b"
    r"|\bcode\\?[\"']?[:=] ?\\?[\"'`](?P<code>[0-9A-Z]{5})\\?[\"'`]"
    r"|\(0x80004005\): (?P<npgsql>[0-9A-Z]{5}): "
    r"|\b(?:Error|error|ERROR|code)(?: code)?:? {1,3}\(?(?P<prisma>P[12][0-9]{3})\b"
    r"|\b(?P<severity>P[12][0-9]{3}): "
)
_CODE_ALONE = lazily(
    r"(?:(?:SQL ?STATE|sqlstate|SQLState|error code|code|ERROR|Error)[\s:=]*)?[\[(\"']?"
    r"(?P<code>[0-9A-Za-z]{5})[\])\"']?"
)


@dataclass(frozen=True, slots=True)
class Recognised:
    """A symptom that a text shows.

    `start` and `end` are the place of its first occurrence, `line` counts from 1. `wording` is None
    where only `code`, a SQLSTATE, speaks for it: then it is one of several candidates. `values` are
    what the message names, keys of VALUES.
    """

    symptom: Symptom
    start: int
    end: int
    line: int
    wording: Wording | None = None
    code: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def by_code(self) -> bool:
        return self.wording is None and self.code is not None


def recognise(
    text: str, symptoms: Sequence[Symptom], ports: frozenset[str] = frozenset()
) -> tuple[Recognised, ...]:
    """The symptoms in a text, the one nearest to the root first; empty when there is none.

    A text that is nothing but the name or title of a symptom, or a SQLSTATE, names it; of a
    SQLSTATE all candidates are given. Codes within a longer text count only where no wording does.
    `ports` are known to be PostgreSQL's, besides the usual ones.
    """
    named = _named(text, symptoms)
    if named:
        return named
    return _in_words(text, symptoms, ports | _POSTGRES_PORTS) or _by_code(text, symptoms)


def suspected(text: str, symptoms: Sequence[Symptom]) -> tuple[Recognised, ...]:
    """As `recognise`, if the text is about PostgreSQL, although nothing in it says so."""
    return _in_words(text, symptoms, None)


def _in_words(
    text: str, symptoms: Sequence[Symptom], ports: frozenset[str] | None
) -> tuple[Recognised, ...]:
    """By wordings; `ports` None: every message is about PostgreSQL that is not about another."""
    found = [one for symptom in symptoms for one in _first(text, symptom, ports)]
    kept = [one for one in found if not any(_within(one, other) for other in found)]
    return tuple(sorted(kept, key=_order))


def closest(text: str, symptoms: Iterable[Symptom], count: int = 3) -> tuple[Symptom, ...]:
    """The symptoms that have the most words in common with a text, best first."""
    words = _words(text[:10_000])
    scored = []
    for symptom in symptoms:
        own = _words(f"{symptom.title} {symptom.id}")
        said = max((len(words & _words(one.anchor)) for one in symptom.wordings), default=0)
        score = 2 * len(words & own) + said
        if score > 1:
            scored.append((-score, symptom.id, symptom))
    return tuple(symptom for _, _, symptom in sorted(scored, key=lambda one: one[:2])[:count])


def _named(text: str, symptoms: Sequence[Symptom]) -> tuple[Recognised, ...]:
    stripped = text.strip()
    if len(stripped) > 100:
        return ()
    plain = _plain(stripped)
    for symptom in symptoms:
        if plain in (_plain(symptom.id), _plain(symptom.title)):
            return (Recognised(symptom, 0, len(text), 1),)
    alone = _CODE_ALONE.fullmatch(stripped)
    return _candidates(alone["code"].upper(), symptoms, 0, len(text), 1) if alone else ()


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9_.]+", text.casefold().replace("-", " ")))


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"[a-z]{3,}", text.lower()) if word not in _COMMON}


_COMMON = frozenset(
    re.findall(
        r"\w+",
        "the and for from with not was has its that this error fatal failed server connection"
        " database postgres",
    )
)


def _first(text: str, symptom: Symptom, ports: frozenset[str] | None) -> Iterator[Recognised]:
    """The first place where a symptom is put into words.

    What stands close to it may name more: the class of an exception, and then its message.
    """
    found = [
        (*match, wording)
        for wording in symptom.wordings
        if wording.anchor in text and (match := _find(text, wording, ports)) is not None
    ]
    if not found:
        return
    found.sort(key=lambda one: (one[0], -one[1]))
    start, end, _, wording = found[0]
    values = _surroundings(text, start, end)
    for other, _, groups, _ in reversed(found):
        if other - start <= BEFORE:
            values.update(groups)
    yield Recognised(symptom, start, end, text.count("\n", 0, start) + 1, wording, None, values)


def _find(
    text: str, wording: Wording, ports: frozenset[str] | None
) -> tuple[int, int, dict[str, str]] | None:
    """Start, end and values of the first occurrence that counts."""
    position = -1
    for _ in range(OCCURRENCES):
        position = text.find(wording.anchor, position + 1)
        if position < 0:
            return None
        first = max(0, position - BEFORE)
        window = text[first : position + len(wording.anchor) + AFTER]
        for match in wording.compiled.finditer(window):
            start, end = first + match.start(), first + match.end()
            if start > position:
                break
            if start <= position < end:
                groups = {
                    name: value
                    for name, value in match.groupdict().items()
                    if value and name in VALUES
                }
                if _counts(text, start, end, wording, groups.get("port"), ports):
                    return start, end, groups
                break
    return None


def _counts(
    text: str,
    start: int,
    end: int,
    wording: Wording,
    port: str | None,
    ports: frozenset[str] | None,
) -> bool:
    """Whether the message is about PostgreSQL."""
    line = text[text.rfind("\n", 0, start) + 1 : _line_end(text, end)][:2000]
    near = text[max(0, start - NEAR) : end + NEAR]
    if not wording.needs_context:
        return not _OTHER_DATABASE.search(near) or _OWN.search(near) is not None
    if _FOREIGN.search(line) or (_WEB.search(line) and not _OWN.search(line)):
        return False
    if ports is None or port in ports:
        return True
    return _OWN.search(near) is not None


def _line_end(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end


def _surroundings(text: str, start: int, end: int) -> dict[str, str]:
    """What the lines around a message say about host, port, role and database.

    Of several connection attempts the last one that begins before the message's end counts.
    """
    first = max(0, start - BEFORE)
    window = text[first : end + BEFORE]
    values: dict[str, str] = {}
    for frame in _FRAMES:
        chosen = None
        for match in frame.finditer(window):
            if chosen is None or first + match.start() < end:
                chosen = match
        if chosen is not None:
            values.update({name: value for name, value in chosen.groupdict().items() if value})
    return values


def _within(one: Recognised, other: Recognised) -> bool:
    """Whether a match is only a part of another symptom's longer one."""
    longer = other.end - other.start > one.end - one.start
    return longer and other.start <= one.start and one.end <= other.end


def _order(one: Recognised) -> tuple[int, int, int]:
    return one.symptom.nearness.rank, one.start, -one.end


def _by_code(text: str, symptoms: Sequence[Symptom]) -> tuple[Recognised, ...]:
    known = {code.value for symptom in symptoms for code in symptom.codes}
    tried = 0
    for match in _CODE_FORMS.finditer(text):
        code = next(value for value in match.groups() if value)
        if code not in known:
            continue
        near = text[max(0, match.start() - NEAR) : match.end() + NEAR]
        foreign = _FOREIGN.search(near) or _OTHER_DATABASE.search(near)
        if not foreign or _OWN.search(near):
            line = text.count("\n", 0, match.start()) + 1
            return _candidates(code, symptoms, match.start(), match.end(), line)
        tried += 1
        if tried == OCCURRENCES:
            break
    return ()


def _candidates(
    code: str, symptoms: Sequence[Symptom], start: int, end: int, line: int
) -> tuple[Recognised, ...]:
    def main_code_first(one: Symptom) -> tuple[int, int, str]:
        """A symptom whose main code it is comes before one that only sometimes shows it."""
        return [known.value for known in one.codes].index(code), one.layer.rank, one.id

    showing = [one for one in symptoms if any(known.value == code for known in one.codes)]
    return tuple(
        Recognised(symptom, start, end, line, None, code)
        for symptom in sorted(showing, key=main_code_first)
    )
