"""Words: texts that recur in many rows, kept once and meant by a number."""

from collections.abc import Iterable

from flowmaster.stores.sql.database import Database

WORDS_CACHED = 100_000
"""How many words are kept in memory; past it the memory starts afresh."""


class Vocabulary:
    """The words that all connections of this process know.

    Words are added to the file, and lose their texts to erasure, whose pseudonym seals as the name did: a process that
    still knows the name does no harm with it.
    """

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.texts: dict[int, str] = {}

    def learn(self, words: dict[str, int]) -> None:
        """Take in words that are in the file for good."""
        if len(self.numbers) + len(words) > WORDS_CACHED:
            self.numbers, self.texts = {}, {}
        for text, number in words.items():
            self.numbers[text] = number
            self.texts[number] = text


class Words:
    """The words as one connection sees them; those it has added count for others when it has committed.

    What is found in the file without having been added here is committed, so that it may be learnt at once.
    """

    def __init__(self, db: Database, known: Vocabulary) -> None:
        self._db = db
        self._known = known
        self._added: dict[str, int] = {}
        self._added_texts: dict[int, str] = {}
        self._renamed = False

    def find(self, text: str) -> int | None:
        """Return the number of a word, None if no row has it."""
        number = self._known.numbers.get(text)
        if number is None:
            number = self._added.get(text)
        if number is None:
            number = self._db.value("SELECT id FROM word WHERE text = ?", (text,))
            if number is not None:
                self._known.learn({text: number})
        return number

    def number(self, text: str) -> int:
        """Return the number of a word, adding it if need be."""
        number = self._known.numbers.get(text)
        if number is not None:
            return number
        number = self.find(text)
        if number is None:
            number = self._db.insert("INSERT INTO word (text) VALUES (?)", (text,), number="id")
            self._added[text] = number
            self._added_texts[number] = text
        return number

    def text(self, number: int) -> str:
        """Return the word behind a number."""
        text = self._known.texts.get(number)
        if text is None:
            text = self._added_texts.get(number)
        if text is None:
            text = self._db.value("SELECT text FROM word WHERE id = ?", (number,))
            assert isinstance(text, str), f"word {number} is not in the file"
            self._known.learn({text: number})
        return text

    def optional(self, text: str) -> int | None:
        """Return the number of a word, None for no text."""
        return self.number(text) if text else None

    def optional_text(self, number: int | None) -> str:
        """Return the word behind a number, no text for None."""
        return "" if number is None else self.text(number)

    def numbers(self, texts: Iterable[str]) -> list[int]:
        """Return the numbers of those words that rows have."""
        return [number for text in texts if (number := self.find(text)) is not None]

    @property
    def mark(self) -> int:
        """How many words were added so far: a place to go back to."""
        return len(self._added)

    def forget(self, mark: int) -> None:
        """Drop what was added since `mark`, since its part of the transaction is undone."""
        for text in list(self._added)[mark:]:
            del self._added_texts[self._added.pop(text)]

    def rename(self, number: int, text: str) -> None:
        """Give a word another text, for good once the transaction is committed."""
        self._db.run("UPDATE word SET text = ? WHERE id = ?", (text, number))
        self._renamed = True
        self._unlearn()

    def _unlearn(self) -> None:
        """Forget all that is known, since a word has lost its text."""
        self._known.numbers, self._known.texts = {}, {}

    def settle(self) -> None:
        """Give what was added to all, since the transaction is committed."""
        if self._renamed:  # Readers may have learnt the old text again meanwhile.
            self._renamed = False
            self._unlearn()
        if self._added:
            self._known.learn(self._added)
            self._added, self._added_texts = {}, {}
