"""WordPiece: BERT's tokenizer, the longest known piece first. Chapter 2.

Text is normalised and cut into words by BERT's rules (`bert_text`); each word is cut from the left
into the longest pieces of the vocabulary, those inside a word being marked by "##". A word with no
such cutting is [UNK]: unlike byte-level BPE, WordPiece loses text. How a vocabulary is learned is
in `wordpiece_training`.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from itertools import chain
from pathlib import Path

from companion import corpora
from companion.tokenization import saved
from companion.tokenization.bert_text import bert_words
from companion.tokenization.special import resolve_allowed, special_pattern, split_special
from companion.tokenization.wordpiece_training import PREFIX, train_pieces

BERT_SPECIALS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
UNKNOWN = "[UNK]"
MAX_WORD_LENGTH = 100  # BERT's: a longer word is unknown


def longest_match(word: str, vocab: Collection[str], longest: int | None = None) -> list[str]:
    """Cut a word into the longest pieces from the left (Devlin et al. 2019, `WordpieceTokenizer`).

    Returns [] where some rest of the word begins with no piece of the vocabulary. `longest` is the
    length of the longest piece, if it is known: it saves looking for longer ones.

    >>> longest_match("unaffable", {"un", "##aff", "##able", "##a"})
    ['un', '##aff', '##able']
    """
    pieces, start, limit = [], 0, longest or len(word) + len(PREFIX)
    while start < len(word):
        mark = PREFIX if start else ""
        for end in range(min(len(word), start + limit), start, -1):
            piece = mark + word[start:end]
            if piece in vocab:
                pieces.append(piece)
                start = end
                break
        else:
            return []
    return pieces


class _WordCache(dict):
    """The ids of every word met so far; emptied when it is full, so that it stays bounded."""

    LIMIT = 1 << 19

    def __init__(self, token_to_id: dict[str, int]):
        self.token_to_id = token_to_id
        self.longest = max(map(len, token_to_id))

    def __missing__(self, word: str) -> list[int]:
        if len(self) >= self.LIMIT:
            self.clear()
        known = len(word) <= MAX_WORD_LENGTH
        pieces = longest_match(word, self.token_to_id, self.longest) if known else []
        ids = self[word] = [self.token_to_id[piece] for piece in pieces or [UNKNOWN]]
        return ids


class WordPiece:
    """BERT's tokenizer over a vocabulary (Schuster & Nakajima 2012; Devlin et al. 2019).

    `vocab` lists the tokens in the order of their ids and holds [UNK]; `special_tokens` are those
    of it that stand for themselves in a text; `lowercase` is for uncased models: it lowers the text
    and drops its accents. Raises ValueError for a token that is missing or stands twice.
    """

    def __init__(
        self,
        vocab: Sequence[str],
        lowercase: bool = True,
        special_tokens: Sequence[str] = BERT_SPECIALS,
    ):
        self._special_pattern = special_pattern(special_tokens)
        self.vocab = list(vocab)
        self.lowercase = lowercase
        self.token_to_id = {token: number for number, token in enumerate(self.vocab)}
        if len(self.token_to_id) < len(self.vocab):
            twice = next(token for token, count in Counter(self.vocab).items() if count > 1)
            raise ValueError(f"the vocabulary holds {twice!r} twice: tokens must be distinct")
        for token in (UNKNOWN, *special_tokens):
            if token not in self.token_to_id:
                raise ValueError(f"the vocabulary lacks the special token {token!r}: add it")
        self.special_tokens = {token: self.token_to_id[token] for token in special_tokens}
        self._cache = _WordCache(self.token_to_id)

    @classmethod
    def train(
        cls,
        text: str | Iterable[str],
        vocab_size: int,
        lowercase: bool = True,
        special_tokens: Sequence[str] = BERT_SPECIALS,
    ) -> "WordPiece":
        """Learn a vocabulary of at most `vocab_size` tokens (Schuster & Nakajima 2012, §3).

        Ids: the special tokens, the single characters, the merged pieces in the order of learning.
        Raises ValueError for an empty text and where the characters alone are too many.
        """
        texts = [text] if isinstance(text, str) else text
        counts = Counter(chain.from_iterable(bert_words(one, lowercase) for one in texts))
        for word in [word for word in counts if len(word) > MAX_WORD_LENGTH]:
            del counts[word]
        if not counts:
            raise ValueError("the text to train on is empty: give at least one word")
        if vocab_size <= len(special_tokens):
            raise ValueError(
                f"vocab_size={vocab_size} is too small: it must exceed the "
                f"{len(special_tokens)} special tokens"
            )
        pieces = train_pieces(counts, vocab_size - len(special_tokens))
        return cls([*special_tokens, *pieces], lowercase, special_tokens)

    def __len__(self) -> int:
        return len(self.vocab)

    def encode(self, text: str, allowed_special: Collection[str] | str = ()) -> list[int]:
        """Return the ids of a text, without [CLS] and [SEP].

        Special tokens in the text raise ValueError, unless `allowed_special` names them or is
        "all", as for "我在北京[MASK]书".
        """
        allowed = resolve_allowed(self.special_tokens, allowed_special)
        ids: list[int] = []
        for place, part in enumerate(split_special(text, self._special_pattern, allowed)):
            ids.extend([self.special_tokens[part]] if place % 2 else self.encode_ordinary(part))
        return ids

    def encode_ordinary(self, text: str) -> list[int]:
        """Return the ids of a text in which special tokens are plain text like any other."""
        words = bert_words(text, self.lowercase)
        return list(chain.from_iterable(map(self._cache.__getitem__, words)))

    def tokenize(self, text: str, allowed_special: Collection[str] | str = ()) -> list[str]:
        """Return the tokens of a text as strings."""
        return [self.vocab[number] for number in self.encode(text, allowed_special)]

    def decode(self, ids: Iterable[int]) -> str:
        """Join tokens with spaces, and those marked ## without; not the original text.

        Case, accents, spacing and unknown words are lost in encoding. Raises ValueError for an id
        outside the vocabulary.
        """
        tokens = []
        for number in ids:
            if not 0 <= number < len(self.vocab):
                raise ValueError(f"id {number} is not in the vocabulary (0 to {len(self) - 1})")
            tokens.append(self.vocab[number])
        return " ".join(tokens).replace(" " + PREFIX, "")

    def save(self, path: str | Path) -> None:
        """Write the tokenizer as JSON; whole or not at all."""
        content = {
            "lowercase": self.lowercase,
            "special_tokens": list(self.special_tokens),
            "vocab": self.vocab,
        }
        saved.write(path, "WordPiece", content)

    @classmethod
    def load(cls, path: str | Path) -> "WordPiece":
        """Read what `save` wrote; ValueError where the file is something else."""
        with saved.reading(path, "WordPiece") as content:
            return cls(content["vocab"], content["lowercase"], content["special_tokens"])

    @classmethod
    def bert(cls, language: str = "en") -> "WordPiece":
        """Return uncased BERT's tokenizer: "en" has 30,522 tokens, "zh" has 21,128."""
        if language not in ("en", "zh"):
            raise ValueError(f'no BERT vocabulary for language {language!r}: use "en" or "zh"')
        return cls.from_vocab_file(corpora.path(f"bert_vocab_{language}", "vocab.txt"))

    @classmethod
    def from_vocab_file(cls, path: str | Path, lowercase: bool = True) -> "WordPiece":
        """Read a `vocab.txt`: one token a line, its id is the number of the line from 0."""
        return cls(Path(path).read_text(encoding="utf-8").removesuffix("\n").split("\n"), lowercase)
