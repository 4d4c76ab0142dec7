# SPDX-FileCopyrightText: 2026 The connguard authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Splits SQL as psql does, without parsing it.

It serves texts that PostgreSQL's parser does not take as a whole: psql commands and variables,
template placeholders, COPY data, a broken statement. One pass, and every text has a split.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Container, Iterator
from dataclasses import field
from enum import Enum, auto

from connguard.policies.model.patterns import lazily
from connguard.policies.model.records import dataclass


class Mark(Enum):
    """What a token is. A PLACEHOLDER is filled in by a tool before the server sees the text; a
    TAG is a template's control tag (`{% if %}`, `{{ end }}`), which leaves no text."""

    BLANK = auto()
    COMMENT = auto()
    STRING = auto()
    DOLLAR = auto()
    QUOTED_NAME = auto()
    WORD = auto()
    NUMBER = auto()
    PLACEHOLDER = auto()
    TAG = auto()
    COMMAND = auto()
    SEMICOLON = auto()
    OPEN = auto()
    CLOSE = auto()
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """A token; `closed` is false for a quote or comment that the end of the text cuts off."""

    mark: Mark
    start: int
    end: int
    closed: bool = True

    @property
    def matters(self) -> bool:
        """Whether the token is more than a blank or a comment."""
        return self.mark is not Mark.BLANK and self.mark is not Mark.COMMENT


@dataclass(slots=True)
class Piece:
    """A statement, or a psql command that stands between statements.

    The range starts at the first token and ends before the semicolon. `command` is the backslash
    command that ends the statement (`\\gexec`), or the whole piece when it has no tokens.
    `inner` are semicolons in parentheses or in BEGIN ATOMIC and `open_quote` is a quote that the
    text does not close: there a broken statement may have ended earlier.
    """

    start: int
    end: int
    command: str | None = None
    inner: list[int] = field(default_factory=list)
    open_quote: Token | None = None
    is_command: bool = False

    @property
    def command_name(self) -> str:
        return (self.command or "")[1:].partition(" ")[0].strip()

    @property
    def arguments(self) -> str:
        return (self.command or "").partition(" ")[2]


_TOKEN = lazily(
    r"""
    (?P<BLANK>\s+)
  | (?P<COMMENT>--[^\r\n]*)
  | (?P<BLOCK>/\*)
  | (?P<ESCAPED>[eE]'[^'\\]*(?:(?:''|\\.)[^'\\]*)*(?P<ESCAPED_END>')?)
  | (?P<STRING>'[^']*(?:''[^']*)*(?P<STRING_END>')?)
  | (?P<QUOTED_NAME>"[^"]*(?:""[^"]*)*(?P<NAME_END>")?)
  | (?P<PLACEHOLDER>
        \$\{[^{}\n]*\} | \$\([A-Za-z_]\w*\) | \#\{[^{}\n]*\} | %\([A-Za-z_]\w*\)[sd]
      | \$\d+ | (?<!:):(?:'[A-Za-z_]\w*' | "[A-Za-z_]\w*" | \{\?\w+\} | [A-Za-z_]\w*)
      | %[sd](?!\w) | \?(?![|&?]) | @[A-Za-z_]\w*@ )
  | (?P<TAG>\{%[^%]*+%\} | \{\#[^#]*+\#\}
      | \{\{-?\s*(?:end|else|if|range|with|define|block|\#|/)\b[^{}]*+\}\} )
  | (?P<BRACES>\{\{[^{}]*+\}\})
  | (?P<DOLLAR>\$(?:[^\W\d]\w*)?\$)
  | (?P<WORD>[^\W\d](?:\w|\$(?![{(]))*)
  | (?P<NUMBER>\d[\w.]*)
  | (?P<SEMICOLON>\\?;)
  | (?P<COMMAND>\\[^\r\n]*)
  | (?P<OPEN>\()
  | (?P<CLOSE>\))
  | (?P<OTHER>::|:=|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_CLOSING = {"ESCAPED": "ESCAPED_END", "STRING": "STRING_END", "QUOTED_NAME": "NAME_END"}
_MARKS = {
    **Mark.__members__,
    "BLOCK": Mark.COMMENT,
    "BRACES": Mark.PLACEHOLDER,
    "ESCAPED": Mark.STRING,
}
_PLAIN_RUN = lazily(r"(?:[^\W\d](?:\w|\$(?![{(]))*+(?!')|\d[\w.]*+|[\s,.=<>*+\[\]|!~^&])++")
"""Words, numbers, blanks and operators: nothing in which a statement can end."""

_UNMARKED_RUN = lazily(
    r"""(?:
      [^\W\d](?:\w|\$(?![{(]))*+(?!') | \d[\w.]*+ | [\s;,.=<>*+\[\]|!~^&()}`]
    | '[^']*+(?:''[^']*+)*+' | "[^"]*+(?:""[^"]*+)*+"
    | --[^\r\n]*+ | -(?!-) | /(?!\*)
    | ::|:= | :(?!['":={\w])
    | \?(?=[|&?]) | @(?![A-Za-z_]\w*+@) | %(?!\([A-Za-z_]\w*+\)[sd] | [sd](?!\w))
    | \#(?!\{[^{}\n]*+\}) | \{(?: (?=\{\{) | (?!\{ | %[^%]*+%\} | \#[^#]*+\#\}) )
    )++""",
    re.VERBOSE,
)
"""Tokens of which none is a placeholder, a tag or a command."""

_RUN = r"""[^\s;\\()'"$\-/{\#][^;\\()'"$\-/{\#]{0,80}"""
"""Whatever is no quote, comment, parenthesis, brace or semicolon; in parts, so that a part that
does not end where a token ends is given up at little cost."""

_ATOM = rf"""(?:
    (?: \{{(?=\{{\{{) | %(?=%) | @(?=@) )++
  | {_RUN}+ (?=[;\\()'"$\-/{{\#]|\Z) (?!\$) (?: (?![('"]) | (?<![eE%:]) )
  | {_RUN} (?: (?<=[^\w.:@%]) | (?<=[:@%])(?![\w'"(]) )
  | [^\W\d](?:\w|\.(?=[^\W\d])|\$(?![{{(]))*+(?!')
  | \d[\w.]*+
  | '[^']*+(?:''[^']*+)*+'
  | "[^"]*+(?:""[^"]*+)*+"
  | [^\w\s;\\()'"$\-/{{\#:@%] | :(?![\w'"]) | @(?!\w) | %(?![\w(]) | -(?!-) | /(?!\*)
  | \#(?!\{{[^{{}}\n]*+\}}) | \{{(?!\{{ | %[^%]*+%\}} | \#[^#]*+\#\}})
)"""


def _stretch(levels: int) -> str:
    """A pattern for tokens, and parentheses that are nested so deeply at most."""
    inner = _ATOM
    for _ in range(levels):
        inner = rf"(?:{_ATOM} | \( (?: {inner} | \s++ | --[^\r\n]*+ )*+ \) )"
    return rf"(?: \s*+ (?: --[^\r\n]*+ \s*+ )*+ {inner} )*+"


_STRETCH = lazily(_stretch(levels=4), re.VERBOSE)
"""What a statement can go on with, up to its last token: nothing in which it can end.

Placeholders and tags with braces, dollar quotes, escaped strings, comments in slashes, and
parentheses that are nested deeper or not closed are left to `tokens`.
"""

_LOOSE = lazily(
    r"""(?:
      (?: [^;\\'"$\-/{\#()%]{1,80}+
        | -(?!-) | /(?!\*) | %(?!\() | \{(?![{%\#]) | \#(?!\{) ){0,8}+
      (?: [()]++
        | '[^'\\]*+(?:''[^'\\]*+)*+' (?!')
        | "[^"]*+(?:""[^"]*+)*+"
        | (?<!\w)\$\$[^$]*+\$\$ ) )++""",
    re.VERBOSE,
)
"""Any tokens in which no statement ends, up to a parenthesis or the end of a quote.

Parentheses need not match. Quotes with backslashes, templates and comments are left to `tokens`.
"""

_PARENTHESES_IN_QUOTES = lazily(r"""'[^']*+'|"[^"]*+"|\$\$[^$]*+\$\$""")
_GAP = lazily(r"(?:\s++|--[^\r\n]*+)*+")
_NOTHING = lazily(r"(?:[\s;]++|--[^\r\n]*+)*+")
_BLANKS = lazily(r"\s+")
_LINE_COMMENT = lazily(r"--[^\r\n]*+")
_BLOCK_COMMENT_MARK = lazily(r"/\*|\*/")
_END_OF_COPY = lazily(r"^\\\.[ \t]*\r?$", re.MULTILINE)
_COPY_IN = lazily(r"copy\b.*\bfrom\s+std(?:in|out)\b", re.IGNORECASE | re.DOTALL)
_COPY_COMMAND = lazily(r"\\copy\b.*\bfrom\s+p?stdin\b", re.IGNORECASE)
_ROUTINE = lazily(r"create\s+(?:or\s+replace\s+)?(?:function|procedure)\b", re.IGNORECASE)
_ATOMIC = lazily(r"\b(?:begin\s+atomic|case|end)\b", re.IGNORECASE)
_SEMICOLON_AT_LINE_END = lazily(r";[ \t]*\r?$", re.MULTILINE)
_ENDS_STATEMENT = lazily(r"\\(?:g|gx|gexec|gset|gdesc|crosstabview|watch)\b")


def tokens(text: str, start: int = 0, stop: int | None = None) -> Iterator[Token]:
    """All tokens of `text` from `start` to `stop`, blanks and comments included."""
    position = start
    stop = len(text) if stop is None else stop
    while position < stop:
        token = _token(text, position, stop)
        yield token
        position = token.end


def tokens_marked(text: str, marks: Container[Mark]) -> Iterator[Token]:
    """The tokens of `text` with one of the marks: PLACEHOLDER, TAG or COMMAND."""
    position = _behind(_UNMARKED_RUN, text, 0)
    while position < len(text):
        token = _token(text, position)
        if token.mark in marks:
            yield token
        position = _behind(_UNMARKED_RUN, text, token.end)


def _token(text: str, position: int, stop: int = sys.maxsize) -> Token:
    """The token at a position before the end of the text and before `stop`."""
    match = _TOKEN.match(text, position, stop)
    assert match is not None  # OTHER takes any character
    kind, end, closed = match.lastgroup or "OTHER", match.end(), True
    if kind == "BLOCK":
        end, closed = _block_comment(text, position, stop)
    elif kind == "DOLLAR":
        end, closed = _dollar_quote(text, match, stop)
    elif kind in _CLOSING:
        closed = match.group(_CLOSING[kind]) is not None
    return Token(_MARKS[kind], position, end, closed)


def _coarse_token(text: str, position: int) -> Token:
    """The token at a position; words, numbers, blanks and operators together are one."""
    run = _PLAIN_RUN.match(text, position)
    if run is None:
        return _token(text, position)
    blank = text[position].isspace() and text[position : run.end()].isspace()
    return Token(Mark.BLANK if blank else Mark.OTHER, position, run.end())


def _block_comment(text: str, start: int, stop: int) -> tuple[int, bool]:
    depth = 0
    for match in _BLOCK_COMMENT_MARK.finditer(text, start, stop):
        depth += 1 if match.group() == "/*" else -1
        if depth == 0:
            return match.end(), True
    return min(stop, len(text)), False


def _dollar_quote(text: str, opening: re.Match[str], stop: int) -> tuple[int, bool]:
    end = text.find(opening.group(), opening.end(), stop)
    return (min(stop, len(text)), False) if end < 0 else (end + len(opening.group()), True)


def _behind(pattern: re.Pattern[str], text: str, position: int) -> int:
    """Where a match of the pattern at a position ends; the position if there is none."""
    match = pattern.match(text, position)
    return match.end() if match else position


def skip_blanks(text: str, start: int, end: int) -> int:
    """The position of the first token in the range that is no blank and no comment."""
    while start < end:
        blank = _BLANKS.match(text, start, end)
        if blank:
            start = blank.end()
        elif text.startswith("--", start):
            start = min(_behind(_LINE_COMMENT, text, start), end)
        elif text.startswith("/*", start):
            start, _ = _block_comment(text, start, end)
        else:
            return start
    return end


def resume_at(text: str, piece: Piece) -> int | None:
    """Where to go on behind a piece that does not parse because it swallowed its successors."""
    found = list(piece.inner[:1])
    if piece.open_quote:
        match = _SEMICOLON_AT_LINE_END.search(text, piece.open_quote.start)
        found += [match.start()] if match else []
    return min(found) + 1 if found else None


def pieces(text: str, start: int = 0) -> Iterator[Piece]:
    """The statements and psql commands of `text` from `start` on."""
    splitter = _Splitter(text, start)
    while splitter.position < len(text):
        yield from splitter.run()


class _Splitter:
    """Groups tokens into pieces; a new run starts behind the data of a COPY."""

    def __init__(self, text: str, position: int) -> None:
        self.position = position
        self._text = text
        self._copy_data_ahead = True

    def run(self) -> Iterator[Piece]:
        """Pieces up to the data of a COPY or the end; `position` is then where to go on."""
        text = self._text
        piece: Piece | None = None
        depth = atomic = 0
        routine = False
        position = self.position
        while True:
            if piece is None:
                position = _behind(_NOTHING, text, position)
                routine = _ROUTINE.match(text, position) is not None
            if not routine:
                end = _behind(_STRETCH, text, position)
                if end > position:
                    piece = piece or Piece(position, end)
                    piece.end = end
                at_end = text.startswith(";", end)
                position = end if at_end else _behind(_GAP, text, end)
                loose = None if at_end else _LOOSE.match(text, position)
                if loose:
                    piece = piece or Piece(position, position)
                    piece.end = position = loose.end()
                    depth += _depth_of(loose.group())
                    continue
            if position >= len(text):
                break
            if text[position] == ";":
                token = Token(Mark.SEMICOLON, position, position + 1)
            else:
                token = _coarse_token(text, position) if routine else _token(text, position)
            position = token.end
            mark = token.mark
            if mark is Mark.BLANK or (mark is Mark.COMMENT and token.closed):
                continue
            if mark is Mark.COMMAND:
                command = text[token.start : token.end].rstrip()
                if piece is None:
                    yield Piece(token.start, token.end, command, is_command=True)
                    if _COPY_COMMAND.match(command):
                        self.position = self._end_of_data(token.end) or token.end
                        return
                elif _ENDS_STATEMENT.match(command):
                    piece.command = command
                    yield _trimmed(text, piece)
                    piece, depth, atomic = None, 0, 0
                continue
            if mark is Mark.SEMICOLON and depth <= 0 and atomic <= 0:
                if piece is not None:
                    data_end = self._copy_data(piece, token.end)
                    yield _trimmed(text, piece)
                    if data_end:
                        self.position = data_end
                        return
                piece, depth, atomic = None, 0, 0
                continue
            if piece is None:
                if mark is Mark.TAG:
                    continue
                piece = Piece(token.start, token.end)
            piece.end = token.end
            if mark is Mark.SEMICOLON:
                piece.inner.append(token.start)
            elif mark is Mark.OPEN:
                depth += 1
            elif mark is Mark.CLOSE:
                depth -= 1
            elif not token.closed:
                piece.open_quote = token
            elif routine and mark is Mark.OTHER:
                for word in _ATOMIC.findall(text, token.start, token.end):
                    opens = word[0] in "bB" or (atomic and word[0] in "cC")
                    atomic += 1 if opens else -1 if atomic else 0
        if piece is not None:
            yield _trimmed(text, piece)
        self.position = len(text)

    def _copy_data(self, piece: Piece, start: int) -> int | None:
        """Where the data of a COPY … FROM stdin ends; None when the piece has no data."""
        text = self._text
        if text[piece.start : piece.start + 4].lower() != "copy":
            return None
        return self._end_of_data(start) if _COPY_IN.match(text, piece.start, piece.end) else None

    def _end_of_data(self, start: int) -> int | None:
        """Where the data that starts here ends; None when no line ends it, so that it is none."""
        end = _END_OF_COPY.search(self._text, start) if self._copy_data_ahead else None
        self._copy_data_ahead = end is not None
        return end.end() if end else None


def _depth_of(text: str) -> int:
    """How many more parentheses are opened than closed in tokens without templates and comments."""
    bare = (
        _PARENTHESES_IN_QUOTES.sub("", text) if "'" in text or '"' in text or "$$" in text else text
    )
    return bare.count("(") - bare.count(")")


def copy_data(text: str, piece: Piece) -> tuple[int, int] | None:
    """The range of the lines of data behind a COPY or \\copy … FROM stdin."""
    start = piece.start + text.startswith("\\", piece.start)
    if not _COPY_IN.match(text, start, piece.end):
        return None
    line_end = text.find("\n", piece.end)
    end = _END_OF_COPY.search(text, piece.end)
    return (line_end + 1, end.start()) if end and 0 <= line_end < end.start() else None


def _trimmed(text: str, piece: Piece) -> Piece:
    while text[piece.end - 1].isspace():
        piece.end -= 1
    return piece
