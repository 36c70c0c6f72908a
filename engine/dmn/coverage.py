"""Which rules of a table meet, cover each other, or leave inputs to none: arithmetic on sets of rules alone.

A column is a list of pieces, each a set of rules as the bits of an integer. An input is one piece of each column, and
matches the rules that are in all of them. Two rules meet, and one covers another, if they do so in every column, which
is quickly seen; whether many rules together cover a rule, or all there is, is a search, cut short by what it has seen.
"""

from collections.abc import Iterator, Sequence

NODES_MAX = 40_000
"""How many partial inputs the searches of one kind over one table may look at."""

Columns = Sequence[Sequence[int]]


class SearchExceeded(Exception):
    """The search looked at too many partial inputs."""


def bits(rules: int) -> Iterator[int]:
    """Give the rules of a set from the first to the last."""
    while rules:
        lowest = rules & -rules
        yield lowest.bit_length() - 1
        rules ^= lowest


class Coverage:
    """The pieces of the columns of one table, and what they tell about its rules."""

    def __init__(self, columns: Columns, rules: int) -> None:
        self.columns = columns
        self.count = rules
        self.all_rules = (1 << rules) - 1
        self.meeting = [self.all_rules] * rules
        """For each rule, the rules that some input matches together with it; itself too, unless it never matches."""
        self.covering = [self.all_rules] * rules
        """For each rule, the rules that every input matches that matches it."""
        for pieces in columns:
            self._join(pieces)
        self.nodes = 0
        """How many partial inputs were looked at since this was last set back."""

    def _join(self, pieces: Sequence[int]) -> None:
        either, every = 0, self.all_rules
        for piece in pieces:
            either |= piece
            every &= piece
        union, common = [0] * self.count, [self.all_rules] * self.count
        for piece in pieces:
            for rule in bits(piece & ~every):
                union[rule] |= piece
                common[rule] &= piece
        for rule in range(self.count):
            always = every >> rule & 1
            self.meeting[rule] &= either if always else union[rule]
            self.covering[rule] &= every if always else common[rule]

    def never_matches(self, rule: int) -> bool:
        """Whether no input matches a rule."""
        return not self.meeting[rule] >> rule & 1

    def choice(self, rule: int) -> list[int]:
        """Return the piece of each column for an input that matches a rule, which some input does."""
        return [
            next(place for place, piece in enumerate(pieces) if piece >> rule & 1) for pieces in self.columns
        ]

    def uncovered(self, rule: int, others: int) -> list[int] | None:
        """Return an input that matches a rule and none of the others; None when they cover it."""
        others &= self.meeting[rule]
        if others & self.covering[rule]:
            return None
        allowed = [
            [place for place, piece in enumerate(pieces) if piece >> rule & 1] for pieces in self.columns
        ]
        return self._search(self.columns, allowed, others)

    def gaps(self, most: int) -> Iterator[list[int]]:
        """Give inputs that match no rule, each outside of the blocks of free inputs round the ones before."""
        columns = [list(pieces) for pieces in self.columns]
        allowed = [list(range(len(pieces))) for pieces in columns]
        rules = self.all_rules
        for number in range(self.count, self.count + most):
            found = self._search(columns, allowed, rules)
            if found is None:
                return
            yield found
            rules |= 1 << number
            for pieces, places in zip(columns, self._block(found), strict=True):
                for place in places:
                    pieces[place] |= 1 << number

    def _block(self, start: Sequence[int]) -> list[list[int]]:
        """Return the places of a block of inputs round one that match no rule, as wide as it comes."""
        unions = [pieces[place] for pieces, place in zip(self.columns, start, strict=True)]
        block = [[place] for place in start]
        for column, pieces in enumerate(self.columns):
            others = self.all_rules
            for other, union in enumerate(unions):
                others &= union if other != column else self.all_rules
            for place, piece in enumerate(pieces):
                if place != start[column] and not others & (unions[column] | piece):
                    unions[column] |= piece
                    block[column].append(place)
        return block

    def _search(self, columns: Columns, allowed: Sequence[Sequence[int]], rules: int) -> list[int] | None:
        """Return one of the allowed pieces of each column that no rule is in all of."""
        if not all(allowed):
            return None
        order = sorted(
            range(len(columns)), key=lambda column: _weight(columns[column], allowed[column], rules)
        )
        search = _Search(columns, allowed, order, NODES_MAX - self.nodes)
        try:
            found = search.run(rules, 0)
        finally:
            self.nodes += search.nodes
        if found is None:
            return None
        places = dict(zip(order, [*found, *[-1] * len(order)], strict=False))
        return [
            places[column] if places[column] >= 0 else allowed[column][0] for column in range(len(columns))
        ]


def _weight(pieces: Sequence[int], allowed: Sequence[int], rules: int) -> float:
    """Return how many of the rules a piece of a column leaves on average: the fewer, the sooner it is looked at."""
    return sum((pieces[place] & rules).bit_count() for place in allowed) / len(allowed)


class _Search:
    def __init__(
        self, columns: Columns, allowed: Sequence[Sequence[int]], order: Sequence[int], nodes_max: int
    ) -> None:
        self.choices = [[(columns[column][place], place) for place in allowed[column]] for column in order]
        self.nodes_max = nodes_max
        self.nodes = 0
        self._covered: set[tuple[int, int]] = set()
        self._sure = self._sure_behind()

    def _sure_behind(self) -> list[int]:
        """Return, for each depth, the rules that match whatever the columns from there on hold."""
        sure = [-1]
        for choices in reversed(self.choices):
            every = sure[-1]
            for piece, _ in choices:
                every &= piece
            sure.append(every)
        return sure[::-1]

    def run(self, rules: int, depth: int) -> list[int] | None:
        """Return the places from a depth on with which none of the rules matches; None when some always does."""
        if not rules:
            return []
        if rules & self._sure[depth] or (depth, rules) in self._covered:
            return None
        self.nodes += 1
        if self.nodes > self.nodes_max:
            raise SearchExceeded
        for left, place in _fewest(rules, self.choices[depth]):
            behind = self.run(left, depth + 1)
            if behind is not None:
                return [place, *behind]
        self._covered.add((depth, rules))
        return None


def _fewest(rules: int, choices: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return what the pieces leave of the rules, without what leaves all that another leaves, the fewest first."""
    places: dict[int, int] = {}
    for piece, place in choices:
        places.setdefault(rules & piece, place)
    kept: list[tuple[int, int]] = []
    for left in sorted(places, key=int.bit_count):
        if not any(less & left == less for less, _ in kept):
            kept.append((left, places[left]))
    return kept
