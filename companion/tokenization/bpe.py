"""Byte-level byte-pair encoding: text to ids and back, GPT-2's way. Chapter 2.

Every text is bytes and every byte is a token, so nothing is ever unknown. Text is cut into words by
a pattern, each word is written as bytes, and the learned merges are applied to it, the earliest
learned first. How merges are learned is in `bpe_training`; nothing here changes the text.
"""

import codecs
import heapq
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from types import MappingProxyType

from companion import corpora
from companion.tokenization import saved
from companion.tokenization.bpe_training import Merge, train_merges
from companion.tokenization.pretokenize import (
    GPT2_PATTERN,
    compile_pattern,
    count_words,
    from_visible,
    pretokenize,
    visible,
)
from companion.tokenization.special import resolve_allowed, special_pattern, split_special

Ranks = Mapping[tuple[int, int], tuple[int, int]]

_NO_SPECIALS: Mapping[str, int] = MappingProxyType({})


def merge_ids(ids: Sequence[int], ranks: Ranks) -> list[int]:
    """Apply merges to the ids of one word: the lowest rank first, leftmost first (Sennrich 2016).

    `ranks` maps a pair of ids to (rank, id of the merged token). Neighbours are linked and the
    candidates wait in a heap, so a word of n bytes takes n log n steps, not n²: a megabyte of one
    letter is no attack.
    """
    ids, count = list(ids), len(ids)
    after, before = list(range(1, count + 1)), list(range(-1, count - 1))
    heap = []

    def offer(place: int) -> None:
        right = after[place]
        if right < count and (found := ranks.get((ids[place], ids[right]))):
            heapq.heappush(heap, (found[0], place, ids[place], ids[right], found[1]))

    for place in range(count - 1):
        offer(place)
    while heap:
        _, place, left, right, merged = heapq.heappop(heap)
        second = after[place]
        if ids[place] != left or second >= count or ids[second] != right:
            continue  # an earlier merge took one of the two
        ids[place], ids[second] = merged, -1
        after[place] = after[second]
        if after[place] < count:
            before[after[place]] = place
        offer(place)
        if before[place] >= 0:
            offer(before[place])
    return [number for number in ids if number >= 0]


class _WordCache(dict):
    """The ids of every word met so far; emptied when it is full, so that it stays bounded."""

    LIMIT = 1 << 19

    def __init__(self, byte_ids: list[int], ranks: Ranks):
        self.byte_ids, self.ranks = byte_ids, ranks

    def __missing__(self, word: str) -> list[int]:
        if len(self) >= self.LIMIT:
            self.clear()
        data = word.encode("utf-8", "surrogateescape")
        ids = self[word] = merge_ids([self.byte_ids[byte] for byte in data], self.ranks)
        return ids


class BPE:
    """A byte-level BPE tokenizer (Sennrich et al. 2016; over bytes: Radford et al. 2019, §2.2).

    `vocab` maps ids to byte strings and holds all 256 single bytes; `merges` are pairs of byte
    strings, first learned first; `special_tokens` maps strings to ids of their own. Raises
    ValueError where these do not fit together.

    >>> bpe = BPE.train("low lower lowest", vocab_size=260)
    >>> bpe.decode(bpe.encode("slow 我"))
    'slow 我'
    """

    def __init__(
        self,
        vocab: Mapping[int, bytes],
        merges: Iterable[Merge],
        special_tokens: Mapping[str, int] = _NO_SPECIALS,
        pattern: str = GPT2_PATTERN,
    ):
        self.merges = list(merges)
        self.special_tokens = dict(special_tokens)
        self.pattern = pattern
        self.token_to_id = _inverse(vocab)
        specials = {number: token.encode("utf-8") for token, number in special_tokens.items()}
        if len(specials) < len(special_tokens) or not specials.keys().isdisjoint(vocab):
            raise ValueError(f"special tokens {dict(special_tokens)} need ids of their own")
        self.vocab = dict(vocab) | specials
        compile_pattern(pattern)  # a wrong one raises here, not at the first text
        self._special_pattern = special_pattern(special_tokens)
        byte_ids = [self.token_to_id[bytes([byte])] for byte in range(256)]
        self._cache = _WordCache(byte_ids, _ranks(self.merges, self.token_to_id))

    @classmethod
    def train(
        cls,
        text: str | Iterable[str],
        vocab_size: int,
        special_tokens: Sequence[str] = (),
        pattern: str = GPT2_PATTERN,
    ) -> "BPE":
        """Learn merges until the vocabulary has `vocab_size` tokens (Sennrich 2016, algorithm 1).

        Ids: the 256 bytes, then the merged tokens, then the special tokens. Where special tokens
        stand in the text it is cut, and they are not learned from. Ties go to the greater pair of
        byte strings. A short text gives fewer tokens than asked for. Raises ValueError for an empty
        text, one that the pattern does not cover, or a `vocab_size` below 256 + the special ones.
        """
        specials = special_pattern(special_tokens)
        smallest = 256 + len(special_tokens)
        if vocab_size < smallest:
            raise ValueError(
                f"vocab_size={vocab_size} is too small: 256 bytes and {len(special_tokens)} "
                f"special tokens need at least {smallest}"
            )
        if len(set(special_tokens)) < len(special_tokens):
            raise ValueError(f"special_tokens={list(special_tokens)} names one twice")
        texts = [text] if isinstance(text, str) else text
        pieces = (
            part for one in texts for part in (specials.split(one)[::2] if specials else [one])
        )
        counts = count_words(pieces, pattern)
        if not counts:
            raise ValueError("the text to train on is empty: give at least one character")
        tokens, merges = train_merges(counts, vocab_size - len(special_tokens))
        special_ids = {token: len(tokens) + place for place, token in enumerate(special_tokens)}
        return cls(dict(enumerate(tokens)), merges, special_ids, pattern)

    def __len__(self) -> int:
        return len(self.vocab)

    def encode(self, text: str, allowed_special: Collection[str] | str = ()) -> list[int]:
        """Return the ids of a text; of two special tokens at one place the longest counts.

        Special tokens in the text raise ValueError, unless `allowed_special` names them or is
        "all". A lone surrogate, which is not text, raises ValueError.
        """
        allowed = resolve_allowed(self.special_tokens, allowed_special)
        ids: list[int] = []
        for place, part in enumerate(split_special(text, self._special_pattern, allowed)):
            ids.extend([self.special_tokens[part]] if place % 2 else self.encode_ordinary(part))
        return ids

    def encode_ordinary(self, text: str) -> list[int]:
        """Return the ids of a text in which special tokens are plain text like any other."""
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise ValueError(
                f"the text has a lone surrogate {text[error.start]!r} at position {error.start}: "
                "decode its source with errors='replace', or give its bytes to encode_bytes"
            ) from error
        return self._encode(text)

    def encode_bytes(self, data: bytes) -> list[int]:
        """Return the ids of any bytes, UTF-8 or not; for UTF-8 those of `encode_ordinary`.

        A byte that is not part of valid UTF-8 is cut like a punctuation sign.
        """
        return self._encode(data.decode("utf-8", "surrogateescape"))

    def _encode(self, text: str) -> list[int]:
        words = pretokenize(text, self.pattern)
        return list(chain.from_iterable(map(self._cache.__getitem__, words)))

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        """Return the bytes of ids, exactly; ValueError for an id outside the vocabulary."""
        try:
            return b"".join(map(self.vocab.__getitem__, ids))
        except KeyError as error:
            raise ValueError(
                f"id {error.args[0]} is not in the vocabulary of {len(self)} tokens "
                f"(0 to {max(self.vocab)})"
            ) from error

    def decode(self, ids: Iterable[int], errors: str = "replace") -> str:
        """Return the text of ids; `errors` says what bytes that are not UTF-8 become.

        "replace": each cut-off or invalid sequence gives one U+FFFD (Unicode 3.9, substitution of
        maximal subparts); "strict" raises UnicodeDecodeError, a ValueError; "ignore" drops them.
        An id outside the vocabulary raises ValueError whatever `errors` is.
        """
        return self.decode_bytes(ids).decode("utf-8", errors)

    def decode_stream(self, ids: Iterable[int]) -> Iterator[str]:
        """Yield the text of ids as they come, holding back a character until it is complete.

        The pieces joined are `decode(ids)`: a character that is cut off at the end gives U+FFFD.
        """
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        for number in ids:
            if text := decoder.decode(self.decode_bytes([number])):
                yield text
        if text := decoder.decode(b"", final=True):
            yield text

    def save(self, path: str | Path) -> None:
        """Write the tokenizer as JSON, tokens in GPT-2's visible bytes; whole or not at all."""
        content = {
            "pattern": self.pattern,
            "special_tokens": self.special_tokens,
            "vocab": {visible(token): number for token, number in self.token_to_id.items()},
            "merges": [[visible(left), visible(right)] for left, right in self.merges],
        }
        saved.write(path, "BPE", content)

    @classmethod
    def load(cls, path: str | Path) -> "BPE":
        """Read what `save` wrote; ValueError where the file is something else."""
        with saved.reading(path, "BPE") as content:
            vocab = {number: from_visible(token) for token, number in content["vocab"].items()}
            merges = [
                (from_visible(left), from_visible(right)) for left, right in content["merges"]
            ]
            return cls(vocab, merges, content["special_tokens"], content["pattern"])

    @classmethod
    def gpt2(cls) -> "BPE":
        """Return GPT-2's tokenizer: 50,257 tokens (Radford et al. 2019), from `gpt2_vocab`."""
        encoder = corpora.path("gpt2_vocab", "encoder.json")
        merges = corpora.path("gpt2_vocab", "vocab.bpe")
        return cls.from_gpt2_files(encoder, merges)

    @classmethod
    def from_gpt2_files(cls, encoder: str | Path, merges: str | Path) -> "BPE":
        """Read OpenAI's two files, `encoder.json` and `vocab.bpe` (`vocab.json`, `merges.txt`)."""
        ids = json.loads(Path(encoder).read_text(encoding="utf-8"))
        specials = {token: ids.pop(token) for token in ("<|endoftext|>",) if token in ids}
        lines = Path(merges).read_text(encoding="utf-8").split("\n")
        pairs = [line.split(" ") for line in lines if line and not line.startswith("#version")]
        return cls(
            {number: from_visible(token) for token, number in ids.items()},
            [(from_visible(left), from_visible(right)) for left, right in pairs],
            specials,
        )


def _inverse(vocab: Mapping[int, bytes]) -> dict[bytes, int]:
    ids = {token: number for number, token in vocab.items()}
    if len(ids) < len(vocab):
        raise ValueError("the vocabulary has one token under two ids: tokens must be distinct")
    missing = [byte for byte in range(256) if bytes([byte]) not in ids]
    if missing:
        raise ValueError(
            f"the vocabulary lacks {len(missing)} single bytes, the first 0x{missing[0]:02X}: "
            "byte-level BPE needs all 256"
        )
    return ids


def _ranks(merges: Sequence[Merge], ids: Mapping[bytes, int]) -> Ranks:
    try:
        return {
            (ids[left], ids[right]): (rank, ids[left + right])
            for rank, (left, right) in enumerate(merges)
        }
    except KeyError as error:
        raise ValueError(
            f"a merge uses {error.args[0]!r}, which is not in the vocabulary"
        ) from error
